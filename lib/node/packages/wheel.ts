import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { ValidationIssue } from "../../config/validation-error";

/** File name of a wheel: name, version, optional build, and its tags (PEP 427). */
const NAME =
  /^(?<name>[A-Za-z0-9._]+)-(?<version>[A-Za-z0-9._+!]+)(-\d[A-Za-z0-9._]*)?-(?<python>[a-z0-9._]+)-(?<abi>[a-z0-9._]+)-(?<platform>[A-Za-z0-9._]+)\.whl$/;

/** Wheel of the user. */
export interface Wheel {
  /** Absolute path. */
  readonly file: string;
  /** File name. */
  readonly basename: string;
  /** Normalized name of the package (PEP 503). */
  readonly name: string;
  readonly version: string;
  /** Hexadecimal SHA-256 of the file. */
  readonly sha256: string;
  readonly content: Uint8Array;
  /** Tags, such as `["py3"]`, `["none"]`, `["any"]`. */
  readonly tags: {
    readonly python: readonly string[];
    readonly abi: readonly string[];
    readonly platform: readonly string[];
  };
}

/** What is wrong with a wheel. */
export type WheelIssue = Pick<ValidationIssue, "expected" | "hint">;

/** Platform of a node. */
export interface NodePlatform {
  /** Version of Python, such as `3.12`. */
  readonly python: string;
  /** Such as `x86_64`. */
  readonly machine: "x86_64" | "aarch64";
}

/** Reads a wheel, or returns what is wrong with it. */
export function readWheel(file: string): Wheel | WheelIssue {
  const path = resolve(file);
  const fields = NAME.exec(basename(path))?.groups;
  if (fields === undefined)
    return {
      expected: "a file name of a wheel: name, version and tags, such as my_lib-1.2-py3-none-any.whl",
      hint: "keep the name that the build gave it: pip and uv read the version and the tags from it",
    };
  if (!statSync(path, { throwIfNoEntry: false })?.isFile())
    return {
      expected: `a file: ${path} is missing`,
      hint: "build it, for example with `uv build --wheel`; paths are relative to the working directory",
    };
  const content = readFileSync(path);
  const { name = "", version = "", python = "", abi = "", platform = "" } = fields;
  return {
    file: path,
    basename: basename(path),
    name: normalized(name),
    version,
    sha256: createHash("sha256").update(content).digest("hex"),
    content,
    tags: { python: python.split("."), abi: abi.split("."), platform: platform.split(".") },
  };
}

/** Returns the name of a package as indexes compare it (PEP 503). */
export function normalized(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

/** Returns whether a wheel can be installed on a node: by its version of Python, and its platform. */
export function fits({ tags }: Wheel, { python, machine }: NodePlatform): boolean {
  const minor = Number(python.split(".")[1]);
  const pythonFits = tags.python.some((tag) => {
    const [, implementation, version] = /^(py|cp)3(\d*)$/.exec(tag) ?? [];
    if (implementation === undefined) return false;
    if (version === "") return true;
    return implementation === "py" || tags.abi.includes("abi3")
      ? Number(version) <= minor
      : Number(version) === minor;
  });
  const platformFits = tags.platform.some(
    (tag) => tag === "any" || new RegExp(String.raw`^(many)?linux\d*(_\d+)*_${machine}$`).test(tag),
  );
  return pythonFits && platformFits;
}
