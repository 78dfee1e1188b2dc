import { createHash } from "node:crypto";
import type { Cluster } from "../cluster/cluster";
import { resourcePath } from "./names";
import { packageFile } from "./package-file";

/**
 * Most characters of a parameter's value, in the advanced tier (AWS Systems Manager User Guide, "Managing parameter
 * tiers").
 */
export const MOST_CHARACTERS = 8192;

/** Most characters of a parameter's value in the standard tier, which costs nothing. */
export const STANDARD_CHARACTERS = 4096;

/**
 * Lockfile of a node: the exact packages of its Python environment. It is not secret and too large for user data, so it
 * is in an SSM parameter, and user data has the name of the parameter and the checksum of its value.
 */
export interface Lockfile {
  /** Name of the parameter. It contains a digest of the content, so running nodes keep theirs when the content changes. */
  readonly name: string;
  /** One package a line: its name and version, a space, and the SHA-256 of its wheel in base64. */
  readonly content: string;
  /** Hexadecimal SHA-256 of the content. */
  readonly sha256: string;
}

/**
 * Returns the lockfile of a cluster's nodes with or without GPU. In base64, digests take two thirds of their hexadecimal
 * form; the phase `conda` decodes them.
 *
 * @throws Error for a line that is not `name==version --hash=sha256:` and a digest, and above a parameter's size
 */
export function lockfileOf(cluster: Cluster, gpu: boolean): Lockfile {
  const { name: release } = cluster.release;
  const kind = gpu ? "gpu" : "cpu";
  const content = pack(`locks/${release}/${kind}.node.txt`);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { name: resourcePath(cluster, "lock", `${release}-${kind}`, sha256.slice(0, 12)), content, sha256 };
}

/** Returns the content of a file of `locks/` as the parameter has it. */
export function pack(path: string): string {
  const lines = packageFile(path)
    .trimEnd()
    .split("\n")
    .map((line) => packed(path, line));
  const content = `${lines.join("\n")}\n`;
  if (content.length > MOST_CHARACTERS) {
    throw new Error(
      `${path} has ${content.length} characters as a parameter, expected ${MOST_CHARACTERS}. Hint: fewer packages in the release's lock`,
    );
  }
  return content;
}

function packed(path: string, line: string): string {
  const [, pin, digest] = /^(\S+==\S+) --hash=sha256:([0-9a-f]{64})$/.exec(line) ?? [];
  if (pin === undefined || digest === undefined) {
    throw new Error(
      `${path} has the line ${JSON.stringify(line)}, expected name==version --hash=sha256: and 64 hexadecimal digits. Hint: npm run lock`,
    );
  }
  return `${pin} ${Buffer.from(digest, "hex").toString("base64")}`;
}
