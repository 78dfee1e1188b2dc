import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { Release } from "../../config/releases";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { packageFile } from "../package-file";
import { nodePlatforms, type PackageInputs } from "./inputs";

/** Kind of a node by its packages: those of GPU nodes contain those of CPU nodes. */
export type LockKind = "cpu" | "gpu";

/** First lines of a lockfile, which `lockfileText` writes. */
const HEADER =
  /^# Packages of .+\n# python: (?<python>3\.\d+) and later\n# inputs: (?<inputs>[0-9a-f]{64})\n# content: (?<content>[0-9a-f]{64})\n/;

/** Returns the command that writes the lockfiles of a cluster. */
export function lockCommand(name: string): string {
  return `npx cdktf-dask lock ${name}`;
}

/** Returns the lockfile of the release, as a path in this package. */
export function releaseLockfile(release: string, kind: LockKind): string {
  return `locks/${release}/${kind}.txt`;
}

/** Returns the digest of everything that decides the content of the lockfiles. It changes with the lockfile of the release. */
export function digestOfInputs(cluster: ResolvedCluster, { requirements, wheels }: PackageInputs): string {
  const { release, environment } = cluster;
  const { url, extraUrls } = environment.index;
  return digestOf(
    JSON.stringify({
      release: release.name,
      locked: (["cpu", "gpu"] as const).map((kind) =>
        digestOf(packageFile(releaseLockfile(release.name, kind))),
      ),
      requirements: [...requirements].sort(),
      wheels: wheels.map(({ basename, sha256 }) => [basename, sha256]).sort(),
      index: [url ?? "", ...extraUrls],
      platforms: nodePlatforms(cluster),
    }),
  );
}

/** Facts in the first lines of a lockfile. */
export interface LockfileHeader {
  /** Lowest version of Python that the versions were chosen for, such as `3.11`. */
  readonly python: string;
  /** Digest of the inputs. */
  readonly inputs: string;
}

/** Returns the text of a lockfile: a header with digests, and then the packages as uv writes them. */
export function lockfileText(cluster: string, { python, inputs }: LockfileHeader, packages: string): string {
  return [
    `# Packages of the Dask cluster ${cluster}. Do not edit: ${lockCommand(cluster)} writes this file.`,
    `# python: ${python} and later`,
    `# inputs: ${inputs}`,
    `# content: ${digestOf(packages)}`,
    packages,
  ].join("\n");
}

/** Returns the header of a lockfile, or undefined if the text is not as `lockfileText` wrote it. */
export function readHeader(text: string): LockfileHeader | undefined {
  const match = HEADER.exec(text);
  const { python = "", inputs = "", content } = match?.groups ?? {};
  return match !== null && digestOf(text.slice(match[0].length)) === content ? { python, inputs } : undefined;
}

/** Lockfile of a cluster, or what is wrong with it. */
export type ReadLockfile =
  | { readonly state: "valid"; readonly text: string }
  | { readonly state: "missing" | "edited" | "outdated" };

/** Reads a lockfile, and compares it with the digest of its inputs. */
export function readLockfile(file: string, inputs: string): ReadLockfile {
  if (!existsSync(file)) return { state: "missing" };
  const text = readFileSync(file, "utf8");
  const header = readHeader(text);
  if (header === undefined) return { state: "edited" };
  return header.inputs === inputs ? { state: "valid", text } : { state: "outdated" };
}

/** Returns the versions of Python of local stacks and clients that a lockfile supports, preferred first. */
export function supportedPythons({ localPythons }: Release, lockfile: string): readonly string[] {
  const minor = (version: string) => Number(version.split(".")[1]);
  const lowest = minor(readHeader(lockfile)?.python ?? "3.0");
  return localPythons.filter((version) => minor(version) >= lowest);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
