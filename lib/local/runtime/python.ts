import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { LocalStackError } from "../error";
import { deployEnvironment } from "./shell.cjs";

/** A Python interpreter that can make virtual environments. */
export interface Python {
  /** Path of the interpreter itself, behind any shim. */
  readonly path: string;
  /** Such as `3.12`. */
  readonly version: string;
}

/** Prints version and path, then fails where Debian has left the modules out that a virtual environment needs. */
const PROBE =
  "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable); import ensurepip, venv";

/** A shim of pyenv's may be there without a Python behind it, so only an answer counts. */
const PROBE_TIMEOUT = 20_000;

/**
 * Finds a Python of one of these versions: `DASK_PYTHON` where it is set, else the first on the PATH.
 *
 * @param versions such as `["3.12", "3.13"]`, best first
 * @throws LocalStackError that names what was found, what is allowed and what to install
 */
export async function findPython(
  versions: readonly string[],
  env: NodeJS.ProcessEnv = deployEnvironment(process.env),
): Promise<Python> {
  const candidates = env.DASK_PYTHON
    ? [env.DASK_PYTHON]
    : [...versions.map((version) => `python${version}`), "python3"];
  const refused: string[] = [];
  for (const candidate of candidates) {
    const { version, path, complete } = await probe(candidate, env);
    if (version === undefined || path === undefined) continue;
    if (!versions.includes(version)) refused.push(`${candidate} is Python ${version}`);
    else if (!complete)
      refused.push(`${candidate} has no venv module (Debian, Ubuntu: apt install python${version}-venv)`);
    else return { path, version };
  }
  throw new LocalStackError(
    `no Python for this release: ${refused.join("; ") || `no answer from ${candidates.join(", ")}`}, ` +
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
