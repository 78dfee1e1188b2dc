import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { findPython } from "../../../lib/local/python";
import { runOrThrow } from "./process";

const ROOT = resolve(__dirname, "../../..");
const UV_LOCK = join(ROOT, "locks/tools/uv.txt");
const LOCKS = [join(ROOT, "locks/tools/terraform.txt"), resolve(__dirname, "../requirements-terraform.txt")];

/** The Pythons that the locks are made for. */
const VERSIONS = ["3.13", "3.12", "3.11"];

/** Seconds for the download of 75 packages (200 MB) on a slow line. */
const INSTALL_SECONDS = 600;

/**
 * A virtual environment with the locked packages of the mock AWS, the double of the null provider and the
 * Terraform of the wheel. It stays in `.test/` for the next run and is made anew where a lock has changed.
 *
 * @returns path of its interpreter
 * @throws Error where there is no Python to make it with
 */
export async function pythonEnvironment(log: string): Promise<string> {
  const digest = createHash("sha256");
  for (const lock of [UV_LOCK, ...LOCKS]) digest.update(readFileSync(lock));
  const folder = join(ROOT, ".test", `python-${digest.digest("hex").slice(0, 12)}`);
  const interpreter = join(folder, "bin", "python");
  const complete = join(folder, "complete");
  if (existsSync(complete)) return interpreter;

  const { path } = await findPython(VERSIONS);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const options = { folder, environment: process.env, log, seconds: INSTALL_SECONDS };
  await runOrThrow([path, "-m", "venv", folder], options);
  const pip = [interpreter, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"];
  await runOrThrow([...pip, "--require-hashes", "--requirement", UV_LOCK], options);
  const requirements = LOCKS.flatMap((lock) => ["--requirement", lock]);
  const uv = [interpreter, "-m", "uv", "--quiet", "pip", "install", "--python", interpreter];
  await runOrThrow([...uv, "--require-hashes", ...requirements], options);
  writeFileSync(complete, "");
  return interpreter;
}
