import { gzip } from "./gzip";
import type { NodeFile } from "./node-plan";

/** Size of a block of a tar archive. Two empty blocks end the archive (POSIX.1-2017, `pax`, "ustar Interchange Format"). */
const BLOCK_BYTES = 512;
const END = Buffer.alloc(2 * BLOCK_BYTES);

/** Maximum size of a name in the header of a tar entry, in bytes. */
const MAX_NAME_BYTES = 100;

/** Modification time of each file: 1980-01-01, because GNU tar warns about times in early 1970. */
const MODIFIED_SECONDS = 315_532_800;

/**
 * Returns files as a tar archive (`.tar.gz`) to unpack in `/`. It depends on paths, modes and contents only: files are
 * sorted by path, have a fixed time and belong to root. So equal files result in equal bytes on every computer and under
 * every version of Node.
 *
 * @throws Error for a path that is not absolute or is longer than 100 bytes, and for two files with one path
 */
export function archive(files: readonly NodeFile[]): Buffer {
  const sorted = [...files].sort((one, other) => (one.path < other.path ? -1 : 1));
  const twice = sorted.find(({ path }, index) => path === sorted[index + 1]?.path)?.path;
  if (twice !== undefined) throw new Error(`${twice}: got two files, expected one. Hint: remove one of them`);
  return gzip(Buffer.concat([...sorted.flatMap(entry), END]));
}

/** Returns header and content of a file, padded to whole blocks. */
function entry({ path, mode, content }: NodeFile): readonly Buffer[] {
  const name = Buffer.from(path.slice(1));
  if (!path.startsWith("/") || name.length > MAX_NAME_BYTES) {
    throw new Error(
      `file of a bundle: got ${JSON.stringify(path)}, expected an absolute path of at most ${MAX_NAME_BYTES} bytes. Hint: shorten it`,
    );
  }
  const body = Buffer.from(content);
  const padding = Buffer.alloc((BLOCK_BYTES - (body.length % BLOCK_BYTES)) % BLOCK_BYTES);
  return [header(name, mode, body.length), body, padding];
}

/** Returns the header of a regular file: fields at fixed positions, numbers in octal. */
function header(name: Buffer, mode: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  name.copy(block, 0);
  block.write(mode.padStart(7, "0"), 100);
  block.write(octal(0, 7), 108); // user
  block.write(octal(0, 7), 116); // group
  block.write(octal(size, 11), 124);
  block.write(octal(MODIFIED_SECONDS, 11), 136);
  block.write(" ".repeat(8), 148); // the checksum counts itself as spaces
  block.write("0", 156); // a regular file
  block.write("ustar\u000000", 257);
  block.write("root", 265);
  block.write("root", 297);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${octal(checksum, 6)}\0 `, 148);
  return block;
}
