import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readIfPossible, readJson, replaceFile } from "../../lib/local/files";
import { testDirectory } from "../support/directory";

const directory = testDirectory("files");
const file = join(directory, "file");

test("replaces a file atomically", () => {
  writeFileSync(file, "old");
  const before = statSync(file).ino;
  replaceFile(file, "new", 0o600);

  expect(readFileSync(file, "utf8")).toBe("new");
  expect(statSync(file).ino).not.toBe(before);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(["file"]);
});

test("keeps the old content and removes the temporary file if the replacement fails", () => {
  const occupied = join(directory, "occupied");
  mkdirSync(join(occupied, "child"), { recursive: true });

  expect(() => replaceFile(occupied, "new")).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(readdirSync(directory).sort()).toEqual(["file", "occupied"]);
});

test.each([
  ["empty", ""],
  ["cut off", '{"generation": 1, "addr'],
  ["zeros after a power loss", "\0".repeat(64)],
])("reads no value from a JSON file that is %s", (_, content) => {
  writeFileSync(file, content);
  expect(readJson(file)).toBeUndefined();
});

test("reads neither text nor value from a missing file or a directory", () => {
  for (const path of [join(directory, "missing"), directory]) {
    expect(readIfPossible(path)).toBeUndefined();
    expect(readJson(path)).toBeUndefined();
  }
  expect(readIfPossible(file)).toBe("\0".repeat(64));
});
