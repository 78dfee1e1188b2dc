import type { CommandContext } from "../../local/runtime/run-command";
import { packageFile } from "../../node/package-file";
import type { LockRequest } from "../../node/packages/lock-request";
import { type LockKind, releaseLockfile } from "../../node/packages/lockfile";
import { fits, readWheel, type Wheel } from "../../node/packages/wheel";
import { CommandError } from "../error";
import type { Uv, UvResult } from "../uv";
import { type Addition, Explanation } from "./explain";
import { pinsOf, withHashes } from "./pins";
import { checkPlatforms } from "./platforms";
import { Workspace } from "./resolution";

/** Packages of a cluster, as uv writes them. */
export interface LockedPackages {
  /** Lowest version of Python. */
  readonly python: string;
  readonly lockfiles: ReadonlyMap<LockKind, string>;
}

/**
 * Resolves the packages of a cluster together with its release, for all platforms and versions of Python that are needed.
 *
 * @param existing lockfiles whose versions are kept where possible
 * @param scratch an empty folder
 * @throws CommandError with a sentence for each conflict, and for packages without a wheel for the nodes
 */
export async function lockPackages(
  context: CommandContext,
  uv: Uv,
  request: LockRequest,
  existing: Readonly<Partial<Record<LockKind, string>>>,
  scratch: string,
): Promise<LockedPackages> {
  const { cluster, release, requirements } = request;
  const wheels = request.wheels.map(({ file }) => readWheel(file)).filter((wheel) => "content" in wheel);
  const additions = additionsOf(requirements, wheels);
  const workspace = new Workspace(context, uv, request, scratch);
  const count = `${additions.length} ${additions.length === 1 ? "requirement" : "requirements"}`;
  context.log(`resolving ${count} of ${cluster} with release ${release.name}`);
  const pythons = supportedPythons(request, wheels);
  for (const [position, python] of pythons.entries()) {
    const resolved = await resolveKinds(workspace, request, additions, existing, python);
    if ("lockfiles" in resolved) {
      if (python !== lowest(release.localPythons))
        context.log(`the packages need Python ${python}: so do clients and local stacks of ${cluster}`);
      const lockfiles = withHashesOf(wheels, resolved.lockfiles);
      checkVersions(cluster, lockfiles);
      context.log("checking the wheels for the nodes");
      await checkPlatforms(workspace, request, lockfiles);
      return { python, lockfiles };
    }
    if (position < pythons.length - 1) continue;
    context.log("there is no solution; looking for the reason");
    const explanation = new Explanation(workspace, request, uv, pythons, resolved.kind);
    const sentences = await explanation.of(additions, resolved.failed);
    throw new CommandError(sentences.map((sentence) => `${cluster}: ${sentence}`).join("\n"));
  }
  throw new CommandError(`${cluster}: no Python of release ${release.name} fits all wheels`);
}

type Resolved =
  | { readonly lockfiles: ReadonlyMap<LockKind, string> }
  | { readonly kind: LockKind; readonly failed: UvResult };

/**
 * GPU packages have more constraints, so they are resolved first. uv prefers the given versions, so the CPU lockfile gets
 * the same versions.
 */
async function resolveKinds(
  workspace: Workspace,
  { release, kinds }: LockRequest,
  additions: readonly Addition[],
  existing: Readonly<Partial<Record<LockKind, string>>>,
  python: string,
): Promise<Resolved> {
  const lockfiles = new Map<LockKind, string>();
  for (const kind of (["gpu", "cpu"] as const).filter((kind) => kinds.includes(kind))) {
    const ofRelease = packageFile(releaseLockfile(release.name, kind));
    const result = await workspace.resolve({
      kind,
      added: additions.map(({ requirement }) => requirement),
      python,
      preferences: lockfiles.get("gpu") ?? `${ofRelease}${existing[kind] ?? ""}`,
    });
    if (!result.succeeded) return { kind, failed: result };
    lockfiles.set(kind, result.output);
  }
  return { lockfiles };
}

function additionsOf(requirements: readonly string[], wheels: readonly Wheel[]): readonly Addition[] {
  const pins = new Map(wheels.map(({ name, version, basename }) => [`${name}==${version}`, basename]));
  return [
    ...requirements.map((requirement) => ({ requirement, label: `"${requirement}"` })),
    ...[...pins].map(([requirement, label]) => ({ requirement, label })),
  ];
}

/** Lowest Python of local clusters, and that of the nodes; without those that a wheel does not fit. */
function supportedPythons({ release, platforms }: LockRequest, wheels: readonly Wheel[]): readonly string[] {
  const candidates = [...new Set([lowest(release.localPythons), release.python])];
  const fitsOne = (wheel: Wheel, python: string) =>
    platforms.some(({ machine }) => fits(wheel, { python, machine }));
  const fitsAll = (python: string) =>
    wheels.every(({ name }) => wheels.some((wheel) => wheel.name === name && fitsOne(wheel, python)));
  return candidates.filter(fitsAll);
}

function lowest(versions: readonly string[]): string {
  const minor = (version: string) => Number(version.split(".")[1]);
  return versions.reduce((a, b) => (minor(b) < minor(a) ? b : a));
}

/** Only the files of the user may be installed for these packages, not files of an index with the same name and version. */
function withHashesOf(
  wheels: readonly Wheel[],
  lockfiles: ReadonlyMap<LockKind, string>,
): ReadonlyMap<LockKind, string> {
  const names = new Set(wheels.map(({ name }) => name));
  const hashesOf = (name: string) =>
    wheels.filter((wheel) => wheel.name === name).map(({ sha256 }) => sha256);
  return new Map(
    [...lockfiles].map(([kind, text]) => [
      kind,
      [...names].reduce((changed, name) => withHashes(changed, name, hashesOf(name)), text),
    ]),
  );
}

function checkVersions(cluster: string, lockfiles: ReadonlyMap<LockKind, string>): void {
  const gpu = pinsOf(lockfiles.get("gpu") ?? "");
  if (gpu.size === 0) return;
  for (const [name, version] of pinsOf(lockfiles.get("cpu") ?? "")) {
    const other = gpu.get(name);
    if (other !== version)
      throw new CommandError(
        `${cluster}: ${name} is ${version} on CPU nodes and ${other} on GPU nodes. ` +
          `Hint: add "${name}==${other ?? version}" to environment.packages`,
      );
  }
}
