"""Attaches files as loop devices while stdin is open: loop.py FILE...

Prints {"devices": [...]} as one line of JSON. The kernel detaches a device when its last user closes it. This
process is one of the users, so the devices vanish with the rig, even when it is killed.
"""

import errno
import fcntl
import json
import os
import struct
import sys

LOOP_CTL_GET_FREE = 0x4C82
LOOP_CONFIGURE = 0x4C0A
LO_FLAGS_AUTOCLEAR = 4
#: struct loop_config of linux/loop.h: fd, block_size, struct loop_info64 (flags and name are set), reserved.
CONFIG = "II 5Q 4I 64s 64s 32s 2Q 8Q"


def attach(file: str) -> tuple[str, int]:
    """Attach a file. Returns the path of the device and the open descriptor that keeps it attached."""
    backing = os.open(file, os.O_RDWR)
    info = [0] * 5 + [0, 0, 0, LO_FLAGS_AUTOCLEAR] + [os.fsencode(file)[-63:], b"", b""] + [0] * 2
    config = struct.pack(CONFIG, backing, 0, *info, *[0] * 8)
    control = os.open("/dev/loop-control", os.O_RDWR)
    while True:
        device = f"/dev/loop{fcntl.ioctl(control, LOOP_CTL_GET_FREE)}"
        descriptor = os.open(device, os.O_RDWR)
        try:
            fcntl.ioctl(descriptor, LOOP_CONFIGURE, config)
            return device, descriptor
        except OSError as error:
            os.close(descriptor)
            # Another process has attached the same device.
            if error.errno != errno.EBUSY:
                raise


if __name__ == "__main__":
    attached = [attach(file) for file in sys.argv[1:]]
    print(json.dumps({"devices": [device for device, _ in attached]}), flush=True)
    sys.stdin.read()
