import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPython } from "../../lib/local/runtime/python";

/** Time for a first installation: Dask or the mock AWS, with what they need, over a slow line. */
export const INSTALL_TIMEOUT = 10 * 60_000;

/** Versions of Python that the lockfiles are resolved for, that of the nodes first. */
const PYTHONS = ["3.12", "3.13", "3.11"];

/** Folder of the commands that unit tests need: shellcheck. `npm test` installs it before they start. */
export function shellcheck(): Promise<string> {
  return environment("shellcheck");
}

/** Folder of the commands that tests of Python need: python with Dask, pytest, mypy, ruff. */
export function checkers(): Promise<string> {
  return environment("checkers");
}

/** Folder of supervisord for unit tests. `npm test` installs it before they start. */
export function supervisor(): Promise<string> {
  return environment("supervisor");
}

/**
 * Folder of the linters of Dockerfiles, `compose.yaml`, workflows and other files with a schema. `npm test` installs them
 * before they start.
 */
export function fileLinters(): Promise<string> {
  return environment("linters");
}

/** Folder of python with griffe, which reads docstrings for the API reference. `npm test` installs it before they start. */
export function reference(): Promise<string> {
  return environment("reference");
}

/** Folder of the commands that tests with real Terraform need: the mock AWS, and a second Terraform. */
export function mockAws(): Promise<string> {
  return environment("mock-aws");
}

/** Folder of the commands that tests of the security policy need: python with Checkov. */
export function checkov(): Promise<string> {
  return environment("checkov");
}

/** A virtual environment in `.test/`, created once from lockfiles, and again after a change of one of them. */
async function environment(name: string): Promise<string> {
  const { path } = await findPython(PYTHONS);
  const script = join(__dirname, "python_environment.py");
  const { stdout } = await promisify(execFile)(path, [script, name], { timeout: INSTALL_TIMEOUT });
  return stdout.trim();
}
