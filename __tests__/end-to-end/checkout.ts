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

/** What a start or stop is made of; the rest of the checkout is left where it is. */
const CARRIED = [
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

/** Longest that a command may take, in ms: an environment from an empty cache over a slow line. */
const TIMEOUT = 600_000;

/** How a command ended, and what it wrote. */
export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/**
 * A checkout with a local stack of its own, on free ports, so that a cluster of `npm start` is left alone. Its path
 * holds a space, as a person's may.
 */
export class Checkout {
  readonly directory: string;
  readonly paths: ReturnType<typeof localPaths>;

  private constructor(readonly ports: LocalPorts) {
    mkdirSync(".test", { recursive: true });
    this.directory = resolve(mkdtempSync(".test/my checkout "));
    this.paths = localPaths("local", this.directory);
    for (const name of CARRIED) cpSync(name, join(this.directory, name), { recursive: true });
    symlinkSync(resolve("node_modules"), join(this.directory, "node_modules"));
    // Stands for a machine without a GPU, so that the tests mean the same wherever they run.
    mkdirSync(join(this.directory, "doubles"));
    writeFileSync(join(this.directory, "doubles", "nvidia-smi"), "#!/bin/sh\nexit 9\n", { mode: 0o755 });
    this.define("local");
  }

  /** A checkout whose stack is that of `npm start` but for its ports. */
  static async make(): Promise<Checkout> {
    return new Checkout({ scheduler: await freePort(), dashboard: await freePort() });
  }

  /** Runs a script that a test has written there. */
  node(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.run([process.execPath, script, ...args], env);
  }

  /** Makes the checkout's app one local stack of a cluster, given as an expression in TypeScript. */
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

  /** Number of workers of the scheduler, such as `2 workers`; undefined if no scheduler answers. */
  workers(): Promise<string | undefined> {
    return fetch(`http://${LOOPBACK}:${this.ports.dashboard}/json/counts.json`)
      .then((answer) => answer.json() as Promise<{ workers: number }>)
      .then(({ workers }) => `${workers} workers`)
      .catch(() => undefined);
  }

  /** Whatever of the cluster is still there. */
  get left(): readonly (string | number)[] {
    const files = [".dask", "terraform.local.tfstate"].filter((name) =>
      existsSync(join(this.directory, name)),
    );
    return [...processesOf(this.paths), ...files];
  }

  /**
   * `npm start` and `npm stop`, less the installation of packages.
   *
   * @param interruptAt what it has to say before it is interrupted
   */
  script(
    name: "start" | "stop",
    env: NodeJS.ProcessEnv = {},
    interruptAt?: RegExp,
    args: readonly string[] = [],
  ): Promise<Ended> {
    return this.run([process.execPath, `scripts/${name}.mjs`, ...args], env, interruptAt);
  }

  /** Starts `npm start` or `npm stop` and returns the process. */
  spawn(name: "start" | "stop", stdio: StdioOptions = "ignore"): ChildProcess {
    const env = { ...process.env, PATH: `${join(this.directory, "doubles")}:${process.env.PATH}` };
    return spawn(process.execPath, [`scripts/${name}.mjs`], { cwd: this.directory, env, stdio });
  }

  /** Runs `cdktf deploy local` or `cdktf destroy local` itself. */
  cdktf(verb: "deploy" | "destroy" | "synth", env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const command = [
      process.execPath,
      "node_modules/cdktf-cli/bundle/bin/cdktf",
      verb,
      ...(verb === "synth" ? [] : ["local", "--auto-approve"]),
    ];
    return this.run(command, {
      CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
      CHECKPOINT_DISABLE: "1",
      CI: "1",
      ...env,
    });
  }

  /** Runs a line of shell where the checkout is. */
  shell(line: string): Promise<Ended> {
    return this.run(["sh", "-c", line], {});
  }

  /**
   * Runs Python code in the cluster's environment, as a client would.
   *
   * @param config directory of Dask's configuration
   */
  async python(code: string, config = this.paths.config): Promise<unknown> {
    const { code: exit, output } = await this.run([join(this.paths.environment, "bin/python"), "-c", code], {
      DASK_CONFIG: config,
    });
    if (exit !== 0) throw new Error(output);
    return JSON.parse(output.trim().split("\n").at(-1) ?? "");
  }

  /** Number of the supervisor's process. */
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
  ): Promise<Ended> {
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

/** A PATH with Node and a shell, and neither Terraform nor OpenTofu nor Python. */
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

/** A port that is free now; also occupied by the server that is returned, until it is closed. */
export async function occupiedPort() {
  const server = createServer();
  await once(server.listen(0, LOOPBACK), "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

async function freePort(): Promise<number> {
  const { server, port } = await occupiedPort();
  await once(server.close(), "close");
  return port;
}
