import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LocalStackError } from "../error";
import { deployEnvironment } from "./tool-environment.cjs";

/** A Python interpreter that can create virtual environments. */
export interface Python {
  /** Path of the interpreter itself, not of a shim. */
  readonly path: string;
  /** Such as `3.12`. */
  readonly version: string;
}

/** Prints version and path, and fails without the modules for virtual environments, which Debian packages separately. */
const PROBE =
  "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable); import ensurepip, venv";

/** Milliseconds for an answer. A shim of pyenv may exist without a Python, so only an answer counts. */
const PROBE_TIMEOUT = 20_000;

/**
 * Finds a Python of one of these versions: `DASK_PYTHON` if it is set, otherwise the first on the PATH.
 *
 * @param versions such as `["3.12", "3.13"]`, preferred first
 * @throws LocalStackError with the versions found and expected, and what to install
 */
export async function findPython(
  versions: readonly string[],
  env: NodeJS.ProcessEnv = deployEnvironment(process.env),
): Promise<Python> {
  const candidates = env.DASK_PYTHON
    ? [env.DASK_PYTHON]
    : [...versions.map((version) => `python${version}`), "python3"];
  const rejected: string[] = [];
  for (const candidate of candidates) {
    const { version, path, complete } = await probe(candidate, env);
    if (version === undefined || path === undefined) continue;
    if (!versions.includes(version)) rejected.push(`${candidate} is Python ${version}`);
    else if (!complete)
      rejected.push(`${candidate} has no venv module (Debian, Ubuntu: apt install python${version}-venv)`);
    else return { path, version };
  }
  throw new LocalStackError(
    `no Python for this release: ${rejected.join("; ") || `no answer from ${candidates.join(", ")}`}, ` +
      `expected ${versions.join(", ")}. Hint: install one (Debian, Ubuntu: apt install python3 python3-venv), ` +
      "or set DASK_PYTHON to its path",
  );
}

async function probe(command: string, env: NodeJS.ProcessEnv) {
  const options = { env, timeout: PROBE_TIMEOUT };
  const { stdout, complete } = await promisify(execFile)(command, ["-I", "-c", PROBE], options).then(
    (answer) => ({ stdout: answer.stdout, complete: true }),
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? "", complete: false }),
  );
  const [, version, path] = /^(\d+\.\d+)\n(.+)\n/.exec(stdout) ?? [];
  return { version, path, complete };
}
