import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { resolve } from "node:path";

/** A new directory for the tests of one file; removed after them. */
export function testDirectory(name: string): string {
  mkdirSync(".test", { recursive: true });
  const directory = resolve(mkdtempSync(`.test/${name}-`));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
