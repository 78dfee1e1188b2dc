import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces several files: writes all new contents to temporary files, which then replace the files. A failure to write one
 * changes none.
 *
 * @param files content by path; undefined removes the file
 */
export function replaceFiles(files: ReadonlyMap<string, string | Uint8Array | undefined>): void {
  const temporary = (path: string) => `${path}.${process.pid}.tmp`;
  try {
    for (const [path, content] of files) {
      mkdirSync(dirname(path), { recursive: true });
      if (content !== undefined) writeFileSync(temporary(path), content, { flush: true });
    }
    for (const [path, content] of files)
      if (content === undefined) rmSync(path, { force: true });
      else renameSync(temporary(path), path);
  } finally {
    for (const path of files.keys()) rmSync(temporary(path), { force: true });
  }
}
