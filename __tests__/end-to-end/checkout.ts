import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { localPaths } from "../../lib/local/paths";
import { LOOPBACK, type LocalPorts } from "../../lib/local/ports";
import { processesOf } from "../../lib/local/runtime/processes";
import { findPython, type Python } from "../../lib/local/runtime/python";

/** Files that npm start and npm stop need. */
const FILES = [
  ".npmrc",
  "cdktf.json",
  "cloud-init",
  "environments",
  "package-lock.json",
  "lib",
  "locks",
  "package.json",
  "python",
  "scripts",
  "tsconfig.json",
  "tsconfig.local.json",
];

/** Milliseconds for a command: an environment from an empty cache over a slow connection. */
const TIMEOUT = 600_000;

/** Exit code and output of a command. */
export interface Result {
  readonly code: number | null;
  readonly output: string;
}

/**
 * A copy of this checkout with its own local cluster on free ports, separate from a cluster of `npm start` here. Its path
 * contains a space.
 */
export class Checkout {
  readonly directory: string;
  readonly paths: ReturnType<typeof localPaths>;

  private constructor(readonly ports: LocalPorts) {
    mkdirSync(".test", { recursive: true });
    this.directory = resolve(mkdtempSync(".test/my checkout "));
    this.paths = localPaths("local", this.directory);
    for (const name of FILES) cpSync(name, join(this.directory, name), { recursive: true });
    symlinkSync(resolve("node_modules"), join(this.directory, "node_modules"));
    // Stands for a computer without a GPU, so that the tests are the same on every computer.
    mkdirSync(join(this.directory, "doubles"));
    writeFileSync(join(this.directory, "doubles", "nvidia-smi"), "#!/bin/sh\nexit 9\n", { mode: 0o755 });
    this.define("local");
  }

  /** Creates a checkout with the stack of `npm start`, on other ports. */
  static async make(): Promise<Checkout> {
    return new Checkout({ scheduler: await freePort(), dashboard: await freePort() });
  }

  /** Runs a script that a test wrote. */
  node(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
    return this.run([process.execPath, script, ...args], env);
  }

  /**
   * Writes the app: a local stack.
   *
   * @param cluster an expression in TypeScript
   */
  define(cluster: string): void {
    const app = `import { App } from "cdktf";
import { local } from "./environments/local";
import { LocalStack } from "./lib/local/stack/local-stack";

export const app = new App();
new LocalStack(app, "local", { cluster: ${cluster}, ports: ${JSON.stringify(this.ports)} });
`;
    writeFileSync(join(this.directory, "local.ts"), app);
    writeFileSync(join(this.directory, "main.ts"), 'import { app } from "./local";\n\napp.synth();\n');
  }

  /** Address of the scheduler, of a cluster without TLS. */
  get address(): string {
    return `tcp://${LOOPBACK}:${this.ports.scheduler}`;
  }

  /** Address of the scheduler, of a cluster with TLS. */
  get tlsAddress(): string {
    return `tls://${LOOPBACK}:${this.ports.scheduler}`;
  }

  /** Returns the number of workers, such as `2 workers`; undefined if no scheduler answers. */
  workers(): Promise<string | undefined> {
    return fetch(`http://${LOOPBACK}:${this.ports.dashboard}/json/counts.json`)
      .then((answer) => answer.json() as Promise<{ workers: number }>)
      .then(({ workers }) => `${workers} workers`)
      .catch(() => undefined);
  }

  /** Remaining processes and files of the cluster. */
  get remaining(): readonly (string | number)[] {
    const files = [".dask", "terraform.local.tfstate"].filter((name) =>
      existsSync(join(this.directory, name)),
    );
    return [...processesOf(this.paths), ...files];
  }

  /**
   * Runs `npm start` or `npm stop`, without npm.
   *
   * @param interruptAt output after which to interrupt it
   */
  script(
    name: "start" | "stop",
    env: NodeJS.ProcessEnv = {},
    interruptAt?: RegExp,
    args: readonly string[] = [],
  ): Promise<Result> {
    return this.run([process.execPath, `scripts/${name}.mjs`, ...args], env, interruptAt);
  }

  /** Starts `npm start` or `npm stop` and returns the process. */
  spawn(name: "start" | "stop", stdio: StdioOptions = "ignore"): ChildProcess {
    const env = { ...process.env, PATH: `${join(this.directory, "doubles")}:${process.env.PATH}` };
    return spawn(process.execPath, [`scripts/${name}.mjs`], { cwd: this.directory, env, stdio });
  }

  /** Runs `cdktf deploy local`, `cdktf destroy local` or `cdktf synth`. */
  cdktf(command: "deploy" | "destroy" | "synth", env: NodeJS.ProcessEnv = {}): Promise<Result> {
    const args = command === "synth" ? [] : ["local", "--auto-approve"];
    return this.run([process.execPath, "node_modules/cdktf-cli/bundle/bin/cdktf", command, ...args], {
      CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
      CHECKPOINT_DISABLE: "1",
      CI: "1",
      ...env,
    });
  }

  /** Runs a shell command in the checkout. */
  shell(line: string, env: NodeJS.ProcessEnv = {}): Promise<Result> {
    return this.run(["sh", "-c", line], env);
  }

  /**
   * Runs Python code in the environment of the cluster. Returns the value that it prints as JSON.
   *
   * @param config directory of the Dask configuration
   */
  async python(code: string, config = this.paths.config): Promise<unknown> {
    const { code: exit, output } = await this.run([join(this.paths.environment, "bin/python"), "-c", code], {
      DASK_CONFIG: config,
    });
    if (exit !== 0) throw new Error(output);
    return JSON.parse(output.trim().split("\n").at(-1) ?? "");
  }

  /** PID of the supervisor. */
  get supervisor(): number {
    return Number(readFileSync(this.paths.supervisorPid, "utf8"));
  }

  /** Ends and removes everything. */
  async remove(): Promise<void> {
    for (const pid of processesOf(this.paths)) process.kill(pid, "SIGKILL");
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  private async run(
    [command = "", ...args]: readonly string[],
    env: NodeJS.ProcessEnv,
    interruptAt?: RegExp,
  ): Promise<Result> {
    const child = spawn(command, args, {
      cwd: this.directory,
      env: { ...process.env, PATH: `${join(this.directory, "doubles")}:${process.env.PATH}`, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIMEOUT,
    });
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        chunks.push(text);
        if (interruptAt?.test(text)) child.kill("SIGINT");
      });
    const [code] = await once(child, "close");
    return { code, output: stripVTControlCharacters(chunks.join("")) };
  }
}

/** Returns an environment whose PATH has Node and a shell, but neither Terraform nor OpenTofu nor Python. */
export async function pathWithoutTerraform(directory: string): Promise<NodeJS.ProcessEnv> {
  mkdirSync(directory);
  for (const command of ["sh", "env", "npm", "npx"]) {
    const path = execFileSync("sh", ["-c", `command -v ${command}`], { encoding: "utf8" }).trim();
    symlinkSync(path, join(directory, command));
  }
  symlinkSync(process.execPath, join(directory, "node"));
  const python: Python = await findPython(["3.12", "3.13", "3.11"]);
  return { PATH: directory, DASK_PYTHON: python.path, TERRAFORM_BINARY_NAME: undefined };
}

/** Returns a port, and the server that uses it until it is closed. */
export async function occupiedPort() {
  const server = createServer();
  await once(server.listen(0, LOOPBACK), "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

/** Returns a port that no program listens on. */
export async function freePort(): Promise<number> {
  const { server, port } = await occupiedPort();
  await once(server.close(), "close");
  return port;
}
