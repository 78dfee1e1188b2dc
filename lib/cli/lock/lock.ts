import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { CommandContext } from "../../local/runtime/run-command";
import { packageFile } from "../../node/package-file";
import type { LockRequest } from "../../node/packages/lock-request";
import { type LockKind, lockfileText, releaseLockfile } from "../../node/packages/lockfile";
import { normalized } from "../../node/packages/wheel";
import { CommandError } from "../error";
import { chosen, requestsOfApp } from "../requests";
import { indexForLock, installUv, type Uv } from "../uv";
import { tableOfChanges } from "./changes";
import { lockPackages } from "./lock-packages";
import { replaceFiles } from "./replace-files";

/** Options of the command `lock`. */
export interface LockOptions {
  /** Whether to choose the newest versions instead of those in the existing lockfiles. */
  readonly upgrade: boolean;
}

/**
 * Writes the lockfiles of clusters: all of them, or none after an error.
 *
 * @param names names of clusters; empty for all
 * @throws CommandError for unknown clusters and for packages that cannot be resolved
 */
export async function lock(
  context: CommandContext,
  names: readonly string[],
  options: LockOptions,
): Promise<void> {
  const requests = chosen(await requestsOfApp(context), names);
  const toLock = requests.filter(hasFolder);
  for (const { cluster, release, folder } of requests)
    if (folder === undefined)
      process.stdout.write(`${cluster} adds no packages: it uses the lockfiles of release ${release.name}\n`);
  if (toLock.length === 0) return;
  checkFolders(toLock);
  const pythons = [...new Set(toLock.flatMap(({ release }) => release.localPythons))];
  const uv = await installUv(context, pythons);
  await lockRequests(context, uv, toLock, options);
}

/** A request of a cluster that has lockfiles. */
export type FolderRequest = LockRequest & { readonly folder: string };

function hasFolder(request: LockRequest): request is FolderRequest {
  return request.folder !== undefined;
}

/** Writes the lockfiles of requests, and prints what has changed. */
export async function lockRequests(
  context: CommandContext,
  uv: Uv,
  requests: readonly FolderRequest[],
  { upgrade }: LockOptions,
): Promise<void> {
  const files = new Map<string, string | undefined>();
  const report: string[] = [];
  for (const request of requests) {
    const existing = existingLockfiles(request.folder);
    const scratch = mkdtempSync(join(tmpdir(), "cdktf-dask-"));
    try {
      const index = indexForLock(uv.index, request.index);
      const preferred = upgrade ? {} : existing;
      const locked = await lockPackages(context, { ...uv, index }, request, preferred, scratch);
      for (const kind of ["cpu", "gpu"] as const) {
        const packages = locked.lockfiles.get(kind);
        const text =
          packages === undefined
            ? undefined
            : lockfileText(request.cluster, { python: locked.python, inputs: request.inputs }, packages);
        if (text !== existing[kind]) files.set(join(request.folder, `${kind}.txt`), text);
      }
      report.push(...changesOf(request, existing, locked.lockfiles));
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  replaceFiles(files);
  const folders = requests.map(({ folder }) => relative(process.cwd(), folder));
  const next =
    files.size === 0
      ? "The lockfiles are up to date. Next: npx cdktf deploy"
      : `Next: git add ${folders.join(" ")}, commit, and npx cdktf deploy`;
  process.stdout.write(`${[...report, next].join("\n")}\n`);
}

type Lockfiles = Readonly<Partial<Record<LockKind, string>>>;

function existingLockfiles(folder: string): Lockfiles {
  const kinds = (["cpu", "gpu"] as const).filter((kind) => existsSync(join(folder, `${kind}.txt`)));
  return Object.fromEntries(kinds.map((kind) => [kind, readFileSync(join(folder, `${kind}.txt`), "utf8")]));
}

/** Changes against the existing lockfile, or that of the release without one. */
function changesOf(
  { cluster, release, requirements, wheels }: LockRequest,
  existing: Lockfiles,
  lockfiles: ReadonlyMap<LockKind, string>,
): readonly string[] {
  const kind = lockfiles.has("gpu") ? "gpu" : "cpu";
  const before = existing[kind] ?? packageFile(releaseLockfile(release.name, kind));
  const named = [...requirements, ...wheels.map(({ name }) => name)].map((requirement) =>
    normalized(/^[A-Za-z0-9._-]+/.exec(requirement)?.[0] ?? ""),
  );
  const rows = tableOfChanges(before, lockfiles.get(kind) ?? "", new Set(named));
  const against =
    existing[kind] === undefined ? `compared with release ${release.name}` : "compared with before";
  return rows.length === 0 ? [`${cluster}: no package has changed`] : [`${cluster}, ${against}:`, ...rows];
}

function checkFolders(requests: readonly FolderRequest[]): void {
  const owners = new Map<string, string>();
  for (const { cluster, folder } of requests) {
    const other = owners.get(folder);
    if (other !== undefined)
      throw new CommandError(
        `environment.lockfiles: got ${folder} for ${other} and ${cluster}, expected a folder for each cluster. ` +
          "Hint: change one of them",
      );
    owners.set(folder, cluster);
  }
}
