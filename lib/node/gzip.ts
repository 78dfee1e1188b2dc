import { gzipSync } from "fflate";

/** Position of the header's byte for the operating system, and its value for "unknown" (RFC 1952, 2.3.1). */
const OS_BYTE = 9;
const OS_UNKNOWN = 255;

/**
 * Compresses data in JavaScript by a pinned library. The output of `node:zlib` differs between releases of Node, and
 * other bytes would make Terraform replace the scheduler and all workers.
 *
 * @param level from 1, the fastest, to 9, the smallest
 */
export function gzip(content: Uint8Array, level: 4 | 9): Buffer {
  const bytes = Buffer.from(gzipSync(content, { level, mem: 8, mtime: 0 }));
  bytes[OS_BYTE] = OS_UNKNOWN;
  return bytes;
}
