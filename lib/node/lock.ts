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
 * The exact packages of a machine's environment. They are most of what a machine is told and none of it is secret, so
 * they stand in a parameter of Systems Manager, and user data has its name and checksum.
 */
export interface Lock {
  /** Name of the parameter: another content has another name, so machines of before keep theirs. */
  readonly name: string;
  /** One package a line: its name and version, a space, and the SHA-256 of its wheel in base64. */
  readonly content: string;
  /** Hexadecimal SHA-256 of the content. */
  readonly sha256: string;
}

/**
 * The lock of a cluster's machines with or without GPU. In base64, digests take two thirds of their hexadecimal form;
 * the phase `conda` puts that back.
 *
 * @throws Error for a line that is not `name==version --hash=sha256:` and a digest, and above a parameter's size
 */
export function lockOf(cluster: Cluster, gpu: boolean): Lock {
  const { name: release } = cluster.release;
  const kind = gpu ? "gpu" : "cpu";
  const content = pack(`locks/${release}/${kind}.node.txt`);
  const sha256 = createHash("sha256").update(content).digest("hex");
  return { name: resourcePath(cluster, "lock", `${release}-${kind}`, sha256.slice(0, 12)), content, sha256 };
}

/** A lock file in the form in which it travels. */
export function pack(path: string): string {
  const lines = packageFile(path)
    .trimEnd()
    .split("\n")
    .map((line) => packed(path, line));
  const content = `${lines.join("\n")}\n`;
  if (content.length > MOST_CHARACTERS) {
    throw new Error(
      `${path} has ${content.length} characters as a parameter; allowed: ${MOST_CHARACTERS}; remedy: fewer packages in the release's lock`,
    );
  }
  return content;
}

function packed(path: string, line: string): string {
  const [, pin, digest] = /^(\S+==\S+) --hash=sha256:([0-9a-f]{64})$/.exec(line) ?? [];
  if (pin === undefined || digest === undefined) {
    throw new Error(
      `${path} has the line ${JSON.stringify(line)}; allowed: name==version --hash=sha256: and 64 hexadecimal digits; remedy: npm run lock`,
    );
  }
  return `${pin} ${Buffer.from(digest, "hex").toString("base64")}`;
}
