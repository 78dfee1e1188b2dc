/** Lockfile of pip in the release's environment: `PipInstall` and users call it there. */
const PIP = "locks/tools/pip.txt";

/** Lockfiles of the tools that run a local cluster: paths in this package. */
export const TOOL_LOCKFILES: readonly string[] = ["locks/tools/uv.txt", "locks/tools/supervisor.txt"];

/** Lockfiles of a release's environment for CPU or GPU workers: paths in this package. */
export function releaseLockfiles(release: string, kind: "cpu" | "gpu"): readonly string[] {
  return [`locks/${release}/${kind}.txt`, PIP];
}

/** All lockfiles that a local cluster of this release can use. */
export function allLockfiles(release: string): readonly string[] {
  const files = [TOOL_LOCKFILES, releaseLockfiles(release, "cpu"), releaseLockfiles(release, "gpu")];
  return [...new Set(files.flat())];
}
