import { createHash } from "node:crypto";
import { gzip } from "./gzip";
import type { NodeFile } from "./node-plan";

/** File of an archive: a text, or bytes such as those of a wheel. */
export interface ArchiveFile extends Pick<NodeFile, "path" | "mode"> {
  /** Text or bytes. */
  readonly content: string | Uint8Array;
}

/** Size of a block of a tar archive. Two empty blocks end the archive (POSIX.1-2017, `pax`, "ustar Interchange Format"). */
const BLOCK_BYTES = 512;
const END = Buffer.alloc(2 * BLOCK_BYTES);

/**
 * Level of compression. Most of a bundle are hashes, which hardly shrink: level 9 makes it 0.5 % smaller and takes four times
 * as long (locks/2026.7/gpu.txt with fflate 0.8.3: 91,624 bytes in 26 ms, 91,210 bytes in 116 ms).
 */
const LEVEL = 4;

/** Compressed entries by the SHA-256 of what they contain. */
const compressed = new Map<string, Buffer>();

/** Maximum size of a name in the header of a tar entry, in bytes. GNU tar writes a longer one as an entry of its own. */
const MAX_NAME_BYTES = 100;

/** Name of the entry whose content is the name of the next entry (GNU tar manual, "Basic Tar Format"). */
const LONG_NAME = Buffer.from("././@LongLink");

/** Modification time of each file: 1980-01-01, because GNU tar warns about times in early 1970. */
const MODIFIED_SECONDS = 315_532_800;

/**
 * Returns files as a tar archive (`.tar.gz`) to unpack in `/`. It depends on paths, modes and contents only: files are
 * sorted by path, have a fixed time and belong to root. So equal files result in equal bytes on every computer and under
 * every version of Node.
 *
 * Each entry is compressed by itself, as a member of the gzip file (RFC 1952, 2.2), and only once: the nodes of a cluster have
 * most files in common. That makes the bundle of a node 13 % larger (129 to 147 kB).
 *
 * @throws Error for a path that is not absolute, and for two files with one path
 */
export function archive(files: readonly ArchiveFile[]): Buffer {
  const sorted = [...files].sort((one, other) => (one.path < other.path ? -1 : 1));
  const twice = sorted.find(({ path }, index) => path === sorted[index + 1]?.path)?.path;
  if (twice !== undefined) throw new Error(`${twice}: got two files, expected one. Hint: remove one of them`);
  return Buffer.concat([...sorted.map(entry), END].map(compress));
}

/** Returns a part of an archive, compressed. */
function compress(part: Buffer): Buffer {
  const key = createHash("sha256").update(part).digest("hex");
  const known = compressed.get(key) ?? gzip(part, LEVEL);
  compressed.set(key, known);
  return known;
}

/** Returns header and content of a file, padded to whole blocks. */
function entry({ path, mode, content }: ArchiveFile): Buffer {
  if (!path.startsWith("/"))
    throw new Error(
      `file of a bundle: got ${JSON.stringify(path)}, expected an absolute path. Hint: begin it with /`,
    );
  const name = Buffer.from(path.slice(1));
  const body = Buffer.from(content);
  const long = name.length > MAX_NAME_BYTES ? Buffer.concat([name, Buffer.alloc(1)]) : undefined;
  return Buffer.concat([
    ...(long ? [header(LONG_NAME, "0644", long.length, "L"), ...blocks(long)] : []),
    header(name.subarray(0, MAX_NAME_BYTES), mode, body.length, "0"),
    ...blocks(body),
  ]);
}

/** Returns a content, padded to whole blocks. */
function blocks(content: Buffer): readonly Buffer[] {
  return [content, Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES)];
}

/** Returns the header of a regular file (type `0`) or a long name (type `L`): fields at fixed positions, numbers in octal. */
function header(name: Buffer, mode: string, size: number, type: "0" | "L"): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  name.copy(block, 0);
  block.write(mode.padStart(7, "0"), 100);
  block.write(octal(0, 7), 108); // user
  block.write(octal(0, 7), 116); // group
  block.write(octal(size, 11), 124);
  block.write(octal(MODIFIED_SECONDS, 11), 136);
  block.write(" ".repeat(8), 148); // the checksum counts itself as spaces
  block.write(type, 156);
  block.write("ustar\u000000", 257);
  block.write("root", 265);
  block.write("root", 297);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${octal(checksum, 6)}\0 `, 148);
  return block;
}
