import { type ChildProcess, execFile, type StdioOptions, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Images } from "./images";

const START_SECONDS = 30;
const END_SECONDS = 20;

/** Exit code and output of a command. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command runs in the engine's namespaces. */
export interface CommandOptions {
  /** Environment variables; the command gets no others, except PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>;
  readonly seconds?: number;
}

/**
 * A Docker Engine in namespaces, with a network of its own: its ports, bridges, mounts and processes are invisible to the
 * host. It ends with the process of the test, also if that is killed.
 */
export class Engine {
  /** Folder of the host that commands see as `/mnt/project`. */
  readonly project: string;
  private readonly group = `/cdktf-dask-compose-${process.pid}`;
  private readonly processes: ChildProcess[] = [];
  private first = 0;

  private constructor(private readonly run: string) {
    this.project = join(run, "project");
  }

  /** Starts an engine without images and containers. Its files are in a new folder in `folder`. */
  static async start(folder: string, images: Images): Promise<Engine> {
    removeRuns(folder);
    const engine = new Engine(mkdtempSync(join(folder, `run-${process.pid}-`)));
    try {
      await engine.begin(images);
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  private async begin({ engine }: Images): Promise<void> {
    for (const name of ["root", "disk", "project"]) mkdirSync(join(this.run, name));
    const namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"];
    const start = ["sh", join(__dirname, "start.sh"), engine, this.run, this.group];
    const unshare = this.spawn("unshare", [...namespaces, ...start], ["pipe", "ignore", "inherit"]);
    this.first = await until("the namespaces", () => {
      if (unshare.exitCode !== null) throw new Error(`start.sh ended with exit code ${unshare.exitCode}`);
      return childOf(unshare.pid);
    });
    // In the network of the host; it forwards what the engine sends. It ends when this process closes its descriptor 3.
    const slirp = ["--configure", "--mtu=65520", "--disable-host-loopback", "--exit-fd=3"];
    this.spawn("slirp4netns", [...slirp, String(this.first), "tap0"], ["ignore", "ignore", "ignore", "pipe"]);
    await until(
      "dockerd",
      async () => (await this.docker(["info"])).code === 0 || undefined,
      () => readIfPossible(join(this.project, "dockerd.log")),
    );
  }

  private spawn(command: string, argv: readonly string[], stdio: StdioOptions): ChildProcess {
    const child = spawn(command, argv, { stdio });
    this.processes.push(child);
    return child;
  }

  /** Runs `docker` in `/mnt/project`. */
  docker(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
    return this.command(["docker", ...argv], options);
  }

  /** Runs a command in `/mnt/project`, with all namespaces of the engine. */
  command(argv: readonly string[], { env = {}, seconds = 60 }: CommandOptions = {}): Promise<Outcome> {
    const variables = {
      HOME: "/root",
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      DOCKER_HOST: "unix:///run/docker.sock",
      ...env,
    };
    return this.enter(
      ["--mount", "--net", "--uts", "--ipc", "--pid", "--root", "--wd"],
      [
        ...["env", "--ignore-environment", "--chdir=/mnt/project"],
        ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
        ...argv,
      ],
      seconds,
    );
  }

  /** Runs a command of the host in the engine's network only: that of the computer on which a user runs Docker. */
  onHost(argv: readonly string[], seconds = 60): Promise<Outcome> {
    return this.enter(["--net"], argv, seconds);
  }

  private async enter(
    namespaces: readonly string[],
    argv: readonly string[],
    seconds: number,
  ): Promise<Outcome> {
    const entry = [
      "--target",
      String(this.first),
      ...namespaces,
      "timeout",
      "--signal=KILL",
      String(seconds),
    ];
    const options = { maxBuffer: 64 * 1024 * 1024 };
    return promisify(execFile)("nsenter", [...entry, ...argv], options).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout = "", stderr = "" }) => ({ code: Number(code ?? -1), stdout, stderr }),
    );
  }

  /** Ends all processes and removes all files. Returns what remains: processes, mounts and control groups. */
  async close(): Promise<readonly string[]> {
    const [unshare, ...others] = this.processes;
    const ends = this.processes.map((child) => new Promise((done) => child.once("close", done)));
    unshare?.stdin?.end();
    for (const child of others) child.kill();
    await Promise.race([Promise.all(ends), sleep(END_SECONDS * 1000)]);
    unshare?.kill("SIGKILL");
    await until("the end of the control groups", () => removeGroups(this.group) || undefined).catch(() => {});
    rmSync(this.run, { recursive: true, force: true });
    const running = this.processes.filter((child) => child.exitCode === null && child.signalCode === null);
    return [
      ...running.map(({ spawnfile }) => spawnfile),
      ...readdirSync("/proc").filter((pid) => commandLine(pid).includes(this.run)),
      ...readFileSync("/proc/self/mountinfo", "utf8")
        .split("\n")
        .filter((line) => line.includes(this.run)),
      ...groupsOf(this.group),
      ...(existsSync(this.run) ? [this.run] : []),
    ];
  }
}

/** Removes the files of engines whose test was killed. Their mounts ended with their namespaces. */
function removeRuns(folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const [, pid] = /^run-(\d+)-/.exec(name) ?? [];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    removeGroups(`/cdktf-dask-compose-${pid}`);
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Folders of a control group: one for each controller of version 1, and one of version 2. */
function groupsOf(group: string): readonly string[] {
  const root = "/sys/fs/cgroup";
  return [root, ...readdirSync(root).map((name) => join(root, name))]
    .map((folder) => join(folder, group))
    .filter(existsSync);
}

/** Removes a control group and those below it. Returns whether none remains. */
function removeGroups(group: string): boolean {
  for (const folder of groupsOf(group)) {
    const below = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    // The deepest first. A group with a process cannot be removed.
    for (const path of [...below.sort((a, b) => b.length - a.length), folder])
      try {
        rmdirSync(path);
      } catch {
        return false;
      }
  }
  return true;
}

/** Waits for a value. */
async function until<T>(
  what: string,
  value: () => T | undefined | Promise<T | undefined>,
  log: () => string = () => "",
): Promise<T> {
  const deadline = Date.now() + START_SECONDS * 1000;
  for (;;) {
    const found = await value();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what} took more than ${START_SECONDS} s\n${log()}`);
    await sleep(100);
  }
}

function childOf(pid: number | undefined): number | undefined {
  const text = readIfPossible(`/proc/${pid}/task/${pid}/children`).trim();
  return text === "" ? undefined : Number(text.split(" ")[0]);
}

function commandLine(pid: string): string {
  return /^\d+$/.test(pid) ? readIfPossible(`/proc/${pid}/cmdline`) : "";
}

function readIfPossible(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
