import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Wheel } from "../../node/packages/wheel";
import { readIfPossible, replaceFile } from "../files";
import { describeIndex, installerEnvironment, type PackageIndex } from "./package-index";
import type { Python } from "./python";
import { type CommandContext, type CommandOptions, runCommand, type StepContext } from "./run-command";
import { succeeds } from "./succeeds";
import { STEP_SECONDS } from "./tools";

/** File in an environment with the digest of what it was made from. */
const STAMP = "made-from";

/** Content of a virtual environment, and the tools that create it. */
export interface VirtualEnvironmentProps {
  /** Path of the environment: a symbolic link to a folder next to it, which has the digest of the content in its name. */
  readonly link: string;
  readonly python: Python;
  /** Texts of lockfiles. */
  readonly lockfiles: readonly string[];
  /** Wheels that are in no index. */
  readonly wheels: readonly Pick<Wheel, "basename" | "sha256" | "content">[];
  /** Description of the packages in messages, such as `the packages of the release`. */
  readonly packages: string;
  /** Path of uv. */
  readonly uv: string;
  readonly index: PackageIndex;
  /**
   * uv's cache.
   *
   * @default - that of the user
   */
  readonly cache?: string;
  /** File for the output of uv. */
  readonly logFile: string;
  /**
   * More that determines the content, if `finish` adds to it.
   *
   * @default ""
   */
  readonly addition?: string;
  /**
   * Completes the new environment before it replaces the old one.
   *
   * @default - nothing to complete
   */
  readonly finish?: (directory: string, env: Readonly<Record<string, string>>) => Promise<void>;
}

/** State of a virtual environment: `damaged` by an upgrade of Python, a crash or a user. */
export type EnvironmentState = "up to date" | "damaged" | "outdated";

/** Returns the state of a virtual environment; a missing one is outdated. */
export async function environmentState(props: VirtualEnvironmentProps): Promise<EnvironmentState> {
  const { link } = props;
  if (readIfPossible(join(link, STAMP)) !== digestOf(props)) return "outdated";
  const works = await succeeds([join(link, "bin", "python"), "-I", "-c", "import distributed"]);
  return works ? "up to date" : "damaged";
}

/**
 * Creates a virtual environment with the packages of lockfiles. The old one stays until the new one is complete.
 *
 * @throws LocalStackError if a step fails; then the old environment remains
 */
export async function createVirtualEnvironment(
  context: CommandContext | StepContext,
  props: VirtualEnvironmentProps,
): Promise<void> {
  const { link, python, lockfiles, wheels, packages, uv, index, cache, logFile, finish } = props;
  const digest = digestOf(props);
  const directory = join(dirname(link), `.${basename(link)}-${digest.slice(0, 12)}`);
  const env = {
    ...installerEnvironment(index, process.env),
    ...(cache === undefined ? userCache() : { UV_CACHE_DIR: cache }),
  };
  const step = (failure: string, argv: readonly string[], options: Partial<CommandOptions> = {}) =>
    runCommand(context, argv, { failure, timeout: STEP_SECONDS, logFile, env, ...options });
  rmSync(directory, { recursive: true, force: true });
  try {
    await step("uv cannot create a virtual environment", [uv, "venv", "--python", python.path, directory]);
    const added = join(directory, "wheels");
    mkdirSync(added);
    for (const { basename, content } of wheels) writeFileSync(join(added, basename), content);
    const files = lockfiles.map((text, position) => {
      const file = join(directory, `requirements-${position}.txt`);
      writeFileSync(file, text);
      return file;
    });
    const install = [
      ...[uv, "pip", "install", "--python", join(directory, "bin", "python"), "--require-hashes"],
      ...(index.noIndex ? ["--no-index"] : []),
      ...(wheels.length > 0 ? ["--find-links", added] : []),
      ...files.flatMap((file) => ["-r", file]),
    ];
    await step(`${packages} cannot be installed`, install, { hint: describeIndex(index) });
    rmSync(added, { recursive: true });
    await finish?.(directory, env);
    replaceFile(join(directory, STAMP), digest);
    switchTo(link, directory);
  } catch (error) {
    // The downloads and the log stay; an incomplete environment is useless.
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

/** Lets the link refer to the new folder, in one step, and removes earlier folders. */
function switchTo(link: string, directory: string): void {
  const temporary = `${directory}.new`;
  rmSync(temporary, { force: true });
  symlinkSync(basename(directory), temporary);
  // Earlier versions of this package made a folder.
  if (lstatSync(link, { throwIfNoEntry: false })?.isDirectory()) rmSync(link, { recursive: true });
  renameSync(temporary, link);
  removeVersions(link, basename(directory));
}

/** Removes the folders of an environment. */
export function removeVersions(link: string, except?: string): void {
  const prefix = `.${basename(link)}-`;
  const isVersion = (name: string) =>
    name.startsWith(prefix) && /^[0-9a-f]{12}(\.new)?$/.test(name.slice(prefix.length));
  for (const name of readdirSync(dirname(link)))
    if (isVersion(name) && name !== except)
      rmSync(join(dirname(link), name), { recursive: true, force: true });
}

/** Digest of what determines the content of an environment. Its scripts contain its path. */
function digestOf({ link, python, lockfiles, wheels, addition = "" }: VirtualEnvironmentProps): string {
  const content = [
    ...[link, python.path, python.version, addition, ...lockfiles],
    ...wheels.map(({ basename, sha256 }) => `${basename} ${sha256}`),
  ];
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

/** Variables that say where uv's cache of the user is. */
export function userCache(): Readonly<Record<string, string>> {
  const { UV_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  return {
    ...(UV_CACHE_DIR !== undefined && { UV_CACHE_DIR }),
    ...(XDG_CACHE_HOME !== undefined && { XDG_CACHE_HOME }),
  };
}
