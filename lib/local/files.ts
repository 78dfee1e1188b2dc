import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file atomically: to a temporary file, which then replaces the file. Readers see the old or the new content, also
 * after a crash or a power loss.
 *
 * @param mode permissions of the file
 */
export function replaceFile(path: string, content: string, mode = 0o666): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = openSync(temporary, "w", mode);
    try {
      writeFileSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Content of a text file, or `undefined` if it is missing or unreadable. */
export function readIfPossible(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Value of a JSON file, or `undefined` if the file is missing, unreadable or incomplete. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
