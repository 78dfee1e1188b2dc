import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Environment } from "../config/resolved-cluster";
import {
  installerEnvironment,
  type PackageIndex,
  withDefinition,
  withoutPassword,
} from "../local/runtime/package-index";
import { findPython, type Python } from "../local/runtime/python";
import type { CommandContext } from "../local/runtime/run-command";
import { createTools, STEP_SECONDS } from "../local/runtime/tools";
import { userCache } from "../local/runtime/virtual-environment";
import { waitForLock } from "../local/runtime/wait-for-lock";
import { packageFile } from "../node/package-file";
import { CommandError } from "./error";

const LOCKFILE = "locks/tools/uv.txt";

/** Public index of uv. */
const PYPI = "https://pypi.org/simple";

/** Milliseconds between two lines of progress, and seconds after which a command of uv counts as failed. */
const PROGRESS_MS = 10_000;
const MAX_SECONDS = 600;

/** Installed uv, and how this computer reaches packages. */
export interface Uv {
  readonly path: string;
  readonly index: PackageIndex;
}

/** Exit code and messages of a command of uv. */
export interface UvResult {
  readonly succeeded: boolean;
  readonly output: string;
  readonly messages: string;
}

/**
 * Installs uv into a folder of the project that all commands share: `.dask/.tools/uv-<digest>`.
 *
 * @param pythons versions of Python with which uv may be installed
 */
export async function installUv(
  context: CommandContext,
  pythons: readonly string[],
): Promise<Uv & { python: Python }> {
  const python = await findPython(pythons);
  const digest = createHash("sha256").update(packageFile(LOCKFILE)).update(python.path).digest("hex");
  const directory = resolve(".dask", ".tools", `uv-${digest.slice(0, 12)}`);
  mkdirSync(resolve(".dask", ".tools"), { recursive: true });
  await waitForLock(
    resolve(".dask", ".locks", ".tools"),
    "the installation of uv",
    STEP_SECONDS,
    context.signal,
  );
  const index = await createTools(context, {
    names: "uv",
    directory,
    python,
    lockfiles: [LOCKFILE],
    check: ["-m", "uv", "--version"],
    logFile: resolve(".dask", ".tools", "install.log"),
  });
  return { path: join(directory, "bin", "uv"), index, python };
}

/**
 * Returns the index for lockfiles. Nodes have no additional indexes and folders of this computer, so only those of the
 * definition are used.
 */
export function indexForLock(index: PackageIndex, definition: Environment["index"]): PackageIndex {
  return withDefinition({ ...index, extraUrls: [], findLinks: [], noIndex: false }, definition);
}

/** Runs uv with an index and the user's cache. */
export async function runUv(
  { log, signal }: CommandContext,
  { path, index }: Uv,
  args: readonly string[],
  cwd: string,
): Promise<UvResult> {
  const env = { ...installerEnvironment(index, process.env), ...userCache() };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(MAX_SECONDS * 1000)]);
  const child = spawn(path, args, { cwd, env, signal: limit, stdio: ["ignore", "pipe", "pipe"] });
  const text = { output: "", messages: "" };
  child.stdout.setEncoding("utf8").on("data", (part) => {
    text.output += part;
  });
  child.stderr.setEncoding("utf8").on("data", (part) => {
    text.messages += part;
  });
  const started = Date.now();
  const progress = setInterval(
    () => log(`… uv is working (${Math.round((Date.now() - started) / 1000)} s)`),
    PROGRESS_MS,
  );
  try {
    const reason = await new Promise<string | undefined>((done) => {
      child.on("error", ({ message }) => done(limit.aborted ? `timeout after ${MAX_SECONDS} s` : message));
      child.on("close", (code) => done(code === 0 ? undefined : ""));
    });
    signal.throwIfAborted();
    if (reason) throw new CommandError(`uv does not end: ${reason}`);
    if (reason !== undefined) throwIfUnreachable(index, text.messages);
    return { succeeded: reason === undefined, ...text };
  } finally {
    clearInterval(progress);
  }
}

/** Locations of an index, for messages. */
export function locations({ url, extraUrls }: PackageIndex): string {
  return [...extraUrls, url ?? PYPI].map(withoutPassword).join(", ");
}

/** Throws an error in one sentence if uv cannot reach an index. */
function throwIfUnreachable(index: PackageIndex, messages: string): void {
  const [, denied, status] =
    /(https?:\/\/[^\s)`]+)\)?`? could not be queried due to a lack of valid authentication credentials \((\d+)/.exec(
      messages,
    ) ?? [];
  const [, code = status] = /HTTP status client error \((40[13])\b/.exec(messages) ?? [];
  if (code === "401" || code === "403") {
    const url = withoutPassword(denied ?? locations(index));
    const { host, hostname } = URL.canParse(url) ? new URL(url) : { host: url, hostname: url };
    const entry = `machine ${hostname} login USER password PASSWORD`;
    throw new CommandError(
      code === "401"
        ? `the package index ${url} asks for a password. Hint: add '${entry}' to ~/.netrc, or run 'uv auth login ${host}'`
        : `the package index ${url} denies access (403). Hint: check user and password of ${hostname} in ~/.netrc, and what the user may read`,
    );
  }
  const connection =
    /(?:error sending request for url \(([^)]+)\)|Failed to fetch: `([^`]+)`|Request failed after \d+ retries)/.exec(
      messages,
    );
  if (connection === null) return;
  const cause = messages
    .trimEnd()
    .split("\n")
    .at(-1)
    ?.replace(/^\s*(Caused by|cause): /i, "")
    .trim();
  throw new CommandError(
    `cannot read the package index ${withoutPassword(connection[1] ?? connection[2] ?? locations(index))}: ${cause}. ` +
      "Hint: check the connection, environment.index.url, and the settings of pip (PIP_INDEX_URL, PIP_CERT, PIP_PROXY)",
  );
}
