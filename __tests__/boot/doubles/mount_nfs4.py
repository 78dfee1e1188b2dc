"""Stands for mount.nfs4 of nfs-common on kernels without an NFS client: mounts by FUSE, by means of libnfs.

    mount.nfs4 SERVER:/PATH DIRECTORY [-o OPTIONS]

Each call is that of the user of the process that accesses a file. Options have no effect. Speaks NFS 3 with
the server, because the NFS 4 of libnfs 4.0 cannot change the owner of a directory. Needs the Debian packages
libnfs13 and python3-fusepy. Runs until the directory is unmounted.
"""

import ctypes
import errno
import os
import sys

from fusepy import FUSE, FuseOSError, Operations, fuse_get_context

#: Ports of the server, so that it need not be asked for them.
NFS_PORT, MOUNT_PORT = 2049, 20048

STAT = "dev ino mode nlink uid gid rdev size blksize blocks atime mtime ctime atime_ns mtime_ns ctime_ns used"
SHOWN = ("mode", "nlink", "uid", "gid", "size", "atime", "mtime", "ctime")


class Stat(ctypes.Structure):
    """`struct nfs_stat_64` of libnfs."""

    _fields_ = [(name, ctypes.c_uint64) for name in STAT.split()]


class Entry(ctypes.Structure):
    """Beginning of `struct nfsdirent` of libnfs."""

    _fields_ = [("next", ctypes.c_void_p), ("name", ctypes.c_char_p)]


class Share(Operations):
    """A directory of an NFS server. Methods have the names and arguments of fusepy."""

    def __init__(self, server: str, path: str):
        self.nfs = ctypes.CDLL("libnfs.so.13")
        self.nfs.nfs_init_context.restype = self.nfs.nfs_readdir.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.nfs.nfs_init_context())
        # Sets the ports, for which there are no functions.
        url = f"nfs://{server}{path}?version=3&nfsport={NFS_PORT}&mountport={MOUNT_PORT}"
        self.nfs.nfs_parse_url_dir.restype = ctypes.c_void_p
        self.nfs.nfs_parse_url_dir(self.context, url.encode())
        self._call("mount", server.encode(), path.encode())

    def _call(self, name: str, *arguments: object) -> int:
        result = getattr(self.nfs, f"nfs_{name}")(self.context, *arguments)
        if result < 0:
            raise FuseOSError(-result)
        return result

    def _as_caller(self, name: str, *arguments: object) -> int:
        uid, gid, _ = fuse_get_context()
        self.nfs.nfs_set_uid(self.context, uid)
        self.nfs.nfs_set_gid(self.context, gid)
        return self._call(name, *arguments)

    def getattr(self, path, fh=None):
        stat = Stat()
        self._as_caller("lstat64", path.encode(), ctypes.byref(stat))
        return {f"st_{name}": getattr(stat, name) for name in SHOWN}

    def readdir(self, path, fh):
        directory = ctypes.c_void_p()
        self._as_caller("opendir", path.encode(), ctypes.byref(directory))
        names = [".", ".."]
        while entry := self.nfs.nfs_readdir(self.context, directory):
            name = Entry.from_address(entry).name.decode()
            names += [name] if name not in names else []
        self.nfs.nfs_closedir(self.context, directory)
        return names

    def mkdir(self, path, mode):
        return self._as_caller("mkdir2", path.encode(), mode)

    def rmdir(self, path):
        return self._as_caller("rmdir", path.encode())

    def unlink(self, path):
        return self._as_caller("unlink", path.encode())

    def rename(self, old, new):
        return self._as_caller("rename", old.encode(), new.encode())

    def chmod(self, path, mode):
        return self._as_caller("chmod", path.encode(), mode & 0o7777)

    def chown(self, path, uid, gid):
        return self._as_caller("chown", path.encode(), uid, gid)

    def truncate(self, path, length, fh=None):
        return self._as_caller("truncate", path.encode(), ctypes.c_uint64(length))

    def create(self, path, mode, fi=None):
        return self._open("create", path, os.O_RDWR | os.O_CREAT, mode & 0o7777)

    def open(self, path, flags):
        return self._open("open", path, flags & (os.O_ACCMODE | os.O_TRUNC))

    def _open(self, name, path, *arguments):
        handle = ctypes.c_void_p()
        self._as_caller(name, path.encode(), *arguments, ctypes.byref(handle))
        return handle.value

    def read(self, path, size, offset, fh):
        buffer = ctypes.create_string_buffer(size)
        place = (ctypes.c_void_p(fh), ctypes.c_uint64(offset), ctypes.c_uint64(size))
        length = self._as_caller("pread", *place, buffer)
        return buffer.raw[:length]

    def write(self, path, data, offset, fh):
        place = (ctypes.c_void_p(fh), ctypes.c_uint64(offset), ctypes.c_uint64(len(data)))
        return self._as_caller("pwrite", *place, data)

    def release(self, path, fh):
        return self._call("close", ctypes.c_void_p(fh))

    def utimens(self, path, times=None):
        """Keeps the server's times."""

    def access(self, path, amode):
        uid, gid, _ = fuse_get_context()
        stat = self.getattr(path)
        shift = 6 if uid == stat["st_uid"] else 3 if gid == stat["st_gid"] else 0
        if uid != 0 and amode & ~(stat["st_mode"] >> shift) & 7:
            raise FuseOSError(errno.EACCES)
        return 0


if __name__ == "__main__":
    server, _, path = sys.argv[1].partition(":")
    share = Share(server, path)
    FUSE(share, sys.argv[2], foreground=True, nothreads=True, allow_other=True, fsname=sys.argv[1])
