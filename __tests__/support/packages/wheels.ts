import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";

/** A wheel that a test writes; it stands for a package of an index or of the user. */
export interface TestWheel {
  /** Name as in the file name: with underscores. */
  readonly name: string;
  readonly version: string;
  /** @default - none */
  readonly requires?: readonly string[];
  /** @default - all */
  readonly requiresPython?: string;
  /** @default "py3-none-any" */
  readonly tags?: string;
  /** Text of its module. @default "" */
  readonly code?: string;
}

/** Writes a wheel that pip and uv can install, and returns its path and SHA-256. */
export function writeWheel(
  folder: string,
  { name, version, requires = [], requiresPython, tags = "py3-none-any", code = "" }: TestWheel,
): { readonly path: string; readonly sha256: string } {
  const info = `${name}-${version}.dist-info`;
  const files = {
    [`${name}.py`]: code,
    [`${info}/METADATA`]: [
      "Metadata-Version: 2.1",
      `Name: ${name}`,
      `Version: ${version}`,
      ...(requiresPython === undefined ? [] : [`Requires-Python: ${requiresPython}`]),
      ...requires.map((requirement) => `Requires-Dist: ${requirement}`),
      "",
    ].join("\n"),
    [`${info}/WHEEL`]: `Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: ${tags}\n`,
  };
  const record = [...Object.keys(files), `${info}/RECORD`].map((file) => `${file},,\n`).join("");
  const archive = zipSync(
    Object.fromEntries(
      Object.entries({ ...files, [`${info}/RECORD`]: record }).map(([file, text]) => [file, strToU8(text)]),
    ),
    { mtime: "2026-01-01T00:00:00Z" },
  );
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}-${version}-${tags}.whl`);
  writeFileSync(path, archive);
  return { path, sha256: createHash("sha256").update(archive).digest("hex") };
}
