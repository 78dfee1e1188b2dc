import { join, resolve } from "node:path";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { ValidationIssue } from "../../config/validation-error";
import { packageFile } from "../package-file";
import { readInputs } from "./inputs";
import { hasPackages, requestLock } from "./lock-request";
import { digestOfInputs, type LockKind, lockCommand, readLockfile, releaseLockfile } from "./lockfile";
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
  const digest = digestOfInputs(cluster, inputs);
  const read = kinds.map((kind) => ({ kind, ...lockfileOf(cluster, digest, kind) }));
  const texts = Object.fromEntries(read.map(({ kind, text }) => [kind, text]));
  return {
    lockfiles: { ...ofRelease.lockfiles, ...texts },
    wheels: inputs.wheels,
    own: true,
    issues: read.flatMap(({ issue }) => issue ?? []),
  };
}

/** What is expected of a lockfile that cannot be used. */
const EXPECTED = {
  missing: "the lockfile of your packages: it is missing",
  edited: "a lockfile as the command wrote it: it was edited",
  outdated: "the lockfile of this definition: release, packages, wheels or indexes have changed since",
};

function lockfileOf({ name, environment }: ResolvedCluster, digest: string, kind: LockKind) {
  const file = join(environment.lockfiles, `${kind}.txt`);
  const read = readLockfile(resolve(file), digest);
  if (read.state === "valid") return { text: read.text };
  const issue: ValidationIssue = {
    path: "environment.lockfiles",
    value: file,
    expected: EXPECTED[read.state],
    hint: `run \`${lockCommand(name)}\``,
  };
  return { text: "", issue };
}
