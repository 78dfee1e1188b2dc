import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { withDefinition } from "../../local/runtime/package-index";
import { type CommandContext, runCommand } from "../../local/runtime/run-command";
import {
  createVirtualEnvironment,
  environmentState,
  type VirtualEnvironmentProps,
} from "../../local/runtime/virtual-environment";
import { waitForLock } from "../../local/runtime/wait-for-lock";
import { packageFile, packageFiles, packageRoot } from "../../node/package-file";
import type { LockRequest } from "../../node/packages/lock-request";
import { lockCommand, readLockfile, releaseLockfile, supportedPythons } from "../../node/packages/lockfile";
import { readWheel } from "../../node/packages/wheel";
import { CommandError } from "../error";
import { chosen, requestsOfApp } from "../requests";
import { installUv } from "../uv";

/** Maximum seconds to wait for another `client` command, and for a step of this one. */
const MAX_SECONDS = 900;

/** Options of the command `client`. */
export interface ClientOptions {
  /** @default - `.dask/clients/<cluster>` */
  readonly folder?: string;
  /** Whether to print a requirements file instead. @default false */
  readonly requirements?: boolean;
}

/**
 * Makes a virtual environment for clients of a cluster, from the lockfile of its CPU nodes.
 *
 * @throws CommandError for an unknown cluster, and for lockfiles that are missing or outdated
 */
export async function client(context: CommandContext, name: string, options: ClientOptions): Promise<void> {
  const [request] = chosen(await requestsOfApp(context), [name]);
  if (request === undefined) return;
  const lockfile = lockfileOf(request);
  if (options.requirements) process.stdout.write(requirementsFile(request, lockfile));
  else await makeEnvironment(context, request, lockfile, options.folder);
}

/** Returns the lockfile of the cluster, or that of the release if the user adds no packages. */
function lockfileOf({ cluster, release, folder, inputs }: LockRequest): string {
  if (folder === undefined) return packageFile(releaseLockfile(release.name, "cpu"));
  const file = join(folder, "cpu.txt");
  const read = readLockfile(file, inputs);
  if (read.state === "valid") return read.text;
  throw new CommandError(`${file} ${PROBLEMS[read.state]}. Hint: run \`${lockCommand(cluster)}\``);
}

/** What is wrong with a lockfile. */
const PROBLEMS = {
  missing: "is missing",
  edited: "was edited",
  outdated: "is outdated: release, packages, wheels or indexes have changed",
};

/** A requirements file for pip and uv: the lockfile, and where its packages are. */
function requirementsFile({ index, wheels }: LockRequest, lockfile: string): string {
  const folders = [...new Set(wheels.map(({ file }) => dirname(file)))];
  return [
    `# cdktf_dask, the package with cdktf_dask.connect: pip install ${join(packageRoot(), "python")}`,
    ...(index.url === undefined ? [] : [`--index-url ${index.url}`]),
    ...index.extraUrls.map((url) => `--extra-index-url ${url}`),
    ...folders.map((folder) => `--find-links ${pathToFileURL(folder)}`),
    lockfile,
  ].join("\n");
}

async function makeEnvironment(
  context: CommandContext,
  request: LockRequest,
  lockfile: string,
  folder: string | undefined,
): Promise<void> {
  if (!["linux", "darwin"].includes(process.platform))
    throw new CommandError(
      `clients run on Linux and macOS, not on ${process.platform}. Hint: use WSL, or --requirements`,
    );
  const { cluster, release } = request;
  const link = resolve(folder ?? join(".dask", "clients", cluster));
  checkFolder(link);
  const uv = await installUv(context, supportedPythons(release, lockfile));
  await waitForLock(
    resolve(".dask", ".locks", `${cluster}-client`),
    `npx cdktf-dask client ${cluster}`,
    MAX_SECONDS,
    context.signal,
  );
  mkdirSync(dirname(link), { recursive: true });
  const logFile = join(dirname(link), `.${basename(link)}.log`);
  rmSync(logFile, { force: true });
  const props: VirtualEnvironmentProps = {
    link,
    python: uv.python,
    lockfiles: [lockfile],
    wheels: request.wheels.map(({ file }) => readWheel(file)).filter((wheel) => "content" in wheel),
    packages: `the packages of ${cluster}`,
    uv: uv.path,
    index: withDefinition(uv.index, request.index),
    logFile,
    addition: ["python/pyproject.toml", ...packageFiles("python/src", ".py")].map(packageFile).join("\n"),
    finish: (directory, env) => installPackage(context, uv.path, directory, env, logFile),
  };
  if ((await environmentState(props)) === "up to date") context.log("the environment is up to date");
  else {
    context.log(`installing the packages of ${cluster} with Python ${uv.python.version}`);
    await createVirtualEnvironment(context, props);
  }
  rmSync(logFile, { force: true });
  if (uv.python.version !== release.python)
    context.log(
      `warning: the nodes have Python ${release.python}, and this environment ${uv.python.version}: functions that ` +
        `cloudpickle sends by value may fail. Hint: install Python ${release.python}, or set DASK_PYTHON to its path`,
    );
  const shown = relative(process.cwd(), link);
  process.stdout.write(
    `Next: source ${shown.startsWith("..") ? link : shown}/bin/activate, and in Python: ` +
      `import cdktf_dask; client = cdktf_dask.connect("${cluster}")\n`,
  );
}

/** An environment of this command is a symbolic link; other folders stay. */
function checkFolder(link: string): void {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found === undefined || found.isSymbolicLink()) return;
  if (found.isDirectory() && readdirSync(link).length === 0) return;
  throw new CommandError(
    `--folder: got ${link}, which exists and is not an environment of this command. Hint: remove it, or give another folder`,
  );
}

/** Installs the Python package of this package. uv builds it itself, without a download. */
async function installPackage(
  context: CommandContext,
  uv: string,
  directory: string,
  env: Readonly<Record<string, string>>,
  logFile: string,
): Promise<void> {
  const wheels = mkdtempSync(join(tmpdir(), "cdktf-dask-"));
  const options = { failure: "cdktf_dask cannot be installed", timeout: MAX_SECONDS, env, logFile };
  try {
    const source = join(packageRoot(), "python");
    await runCommand(context, [uv, "build", "--wheel", "--offline", "--out-dir", wheels, source], options);
    const built = readdirSync(wheels).filter((name) => name.endsWith(".whl"));
    const python = join(directory, "bin", "python");
    const install = [uv, "pip", "install", "--offline", "--no-deps", "--python", python];
    await runCommand(context, [...install, ...built.map((name) => join(wheels, name))], options);
  } finally {
    rmSync(wheels, { recursive: true, force: true });
  }
}
