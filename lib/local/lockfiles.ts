import { releaseLockfile } from "../node/packages/lockfile";

/** Lockfile of pip in the environment of a cluster: `PipInstall` and users call it there. */
export const PIP_LOCKFILE = "locks/tools/pip.txt";

/** Lockfiles of the tools that run a local cluster: paths in this package. */
export const TOOL_LOCKFILES: readonly string[] = ["locks/tools/uv.txt", "locks/tools/supervisor.txt"];

/** All lockfiles of this package that a local cluster of a release can use. */
export function allLockfiles(release: string): readonly string[] {
  const ofRelease = (["cpu", "gpu"] as const).flatMap((kind) => [
    releaseLockfile(release, kind),
    PIP_LOCKFILE,
  ]);
  return [...new Set([...TOOL_LOCKFILES, ...ofRelease])];
}
