import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";

/** Folder of the examples. */
export const EXAMPLES_FOLDER = join(packageRoot(), "examples");

/** Examples that are apps of cdktf, by their folder. */
export const EXAMPLES: readonly string[] = readdirSync(EXAMPLES_FOLDER).filter((name) =>
  existsSync(join(EXAMPLES_FOLDER, name, "cdktf.json")),
);

/** Text of a file of an example. */
export function exampleFile(example: string, file: string): string {
  return readFileSync(join(EXAMPLES_FOLDER, example, file), "utf8");
}

/** TypeScript files of an example. */
export function sourcesOf(example: string): readonly string[] {
  return readdirSync(join(EXAMPLES_FOLDER, example)).filter((name) => name.endsWith(".ts"));
}

/** Copies an example, without an installation or a synthesis in its folder. */
export function copyExample(example: string, folder: string): void {
  const filter = (path: string) => !/\/(node_modules|cdktf\.out|dist)$/.test(path);
  cpSync(join(EXAMPLES_FOLDER, example), folder, { recursive: true, filter });
}
