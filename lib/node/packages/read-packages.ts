import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { ValidationIssue } from "../../config/validation-error";
import { packageFile } from "../package-file";
import { type PackageInputs, readInputs } from "./inputs";
import { hasPackages, requestLock } from "./lock-request";
import { digestOfInputs, type LockKind, lockCommand, readHeader, releaseLockfile } from "./lockfile";
import type { Wheel } from "./wheel";

/** Packages of the Python environments of a cluster. */
export interface Packages {
  /** Lockfile of a kind of nodes: exact versions with hashes, for all platforms. */
  readonly lockfiles: Readonly<Record<LockKind, string>>;
  /** Wheels of the user, which the lockfiles pin by hash too. */
  readonly wheels: readonly Wheel[];
  /** Whether the lockfiles are those of the cluster; otherwise they are those of the release. */
  readonly own: boolean;
  /** What is wrong with the inputs and the lockfiles. Then the lockfiles are those of the release. */
  readonly issues: readonly ValidationIssue[];
}

/** Reads the packages of a cluster: the lockfiles of its folder, or those of the release if the user adds no packages. */
export function readPackages(cluster: ResolvedCluster): Packages {
  const { issues, ...inputs } = readInputs(cluster);
  const { release, pools } = cluster;
  const kinds: readonly LockKind[] = pools.some(({ kind }) => kind === "gpu") ? ["cpu", "gpu"] : ["cpu"];
  const ofRelease = {
    lockfiles: {
      cpu: packageFile(releaseLockfile(release.name, "cpu")),
      gpu: packageFile(releaseLockfile(release.name, "gpu")),
    },
    wheels: inputs.wheels,
    own: false,
  };
  if (issues.length > 0) return { ...ofRelease, issues };
  if (requestLock(cluster, inputs, kinds) || !hasPackages(inputs)) return { ...ofRelease, issues: [] };
  const read = kinds.map((kind) => ({ kind, ...readLockfile(cluster, inputs, kind) }));
  const texts = Object.fromEntries(read.map(({ kind, text }) => [kind, text]));
  return {
    lockfiles: { ...ofRelease.lockfiles, ...texts },
    wheels: inputs.wheels,
    own: true,
    issues: read.flatMap(({ issue }) => (issue ? [issue] : [])),
  };
}

function readLockfile(cluster: ResolvedCluster, inputs: PackageInputs, kind: LockKind) {
  const file = join(cluster.environment.lockfiles, `${kind}.txt`);
  const issue = (expected: string): { text: string; issue: ValidationIssue } => ({
    text: "",
    issue: {
      path: "environment.lockfiles",
      value: file,
      expected,
      hint: `run \`${lockCommand(cluster.name)}\``,
    },
  });
  if (!existsSync(resolve(file))) return issue("the lockfile of your packages: it is missing");
  const text = readFileSync(resolve(file), "utf8");
  const header = readHeader(text);
  if (header === undefined) return issue("a lockfile as the command wrote it: it was edited");
  if (header.inputs !== digestOfInputs(cluster, inputs))
    return issue("the lockfile of this definition: release, packages, wheels or indexes have changed since");
  return { text, issue: undefined };
}
