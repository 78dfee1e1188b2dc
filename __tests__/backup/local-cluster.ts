import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { defineCluster } from "../../lib/config/define";
import { localPaths } from "../../lib/local/paths";
import { localPools } from "../../lib/local/runtime/pools";
import { configDirectory, localPrograms } from "../../lib/local/runtime/programs";
import { recordRun } from "../../lib/local/runtime/running";
import { packageRoot } from "../../lib/node/package-file";
import { end, freePorts, start } from "../dashboard/processes";

/** Time for scheduler and workers to start, and for a command, in ms. */
const START_TIMEOUT = 60_000;
const COMMAND_TIMEOUT = 120_000;

/** Worker processes of the cluster. */
const WORKERS = 2;

/** The command `dask-cluster` as a program, because this package is not installed in the tests' environment. */
const DASK_CLUSTER = 'from cdktf_dask.cli.main import main; main(prog_name="dask-cluster")';

/** Result of a command of the user. */
export interface Command {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Project with the local cluster `local`: the processes of the local stack, without its supervisor, and with the packages of
 * the tests' environment.
 */
export class LocalProject {
  readonly directory: string;
  address = "";
  private readonly python: string;
  private children: ChildProcess[] = [];

  /** @param tools folder of the commands of the tests' environment */
  constructor(private readonly tools: string) {
    mkdirSync(join(packageRoot(), ".test"), { recursive: true });
    this.directory = mkdtempSync(join(packageRoot(), ".test", "backup-"));
    this.python = join(tools, "python");
  }

  /** Starts a cluster without data. */
  async start(): Promise<void> {
    const [scheduler = 0, dashboard = 0] = await freePorts(2);
    const ports = { scheduler, dashboard };
    const cluster = defineCluster({
      name: "local",
      network: { adminSubnets: ["127.0.0.0/8"] },
      pools: [{ name: "cpu", kind: "cpu", processes: WORKERS, threads: 1 }],
    });
    const paths = { ...localPaths("local", this.directory), environment: dirname(this.tools) };
    const python = { path: this.python, version: "3.12" };
    const machine = { python, cpus: 2, gpus: 0, memory: 4 * 1024 ** 3, platform: "linux x64" };
    mkdirSync(paths.scratch, { recursive: true });
    const logs: string[] = [];
    for (const program of localPrograms(
      cluster,
      localPools(cluster, machine).present,
      WORKERS,
      paths,
      ports,
    )) {
      const config = configDirectory(program.name, paths);
      mkdirSync(config, { recursive: true });
      for (const [file, content] of Object.entries(program.config))
        writeFileSync(join(config, file), content);
      logs.push(join(this.directory, `${program.name}.log`));
      this.children.push(start(logs.at(-1) ?? "", program.environment, ...program.argv));
    }
    const text = () => logs.map((log) => readFileSync(log, "utf8")).join("\n");
    for (const started = Date.now(); text().split("Registered to").length <= WORKERS; await sleep(100))
      if (Date.now() - started > START_TIMEOUT) throw new Error(text());
    this.address = `tcp://127.0.0.1:${ports.scheduler}`;
    recordRun(paths, { generation: 1, address: this.address, ports });
  }

  /** Ends the cluster and removes its folder, as `npm stop` does. Backups stay. */
  async stop(): Promise<void> {
    await Promise.all(this.children.map(end));
    this.children = [];
    rmSync(localPaths("local", this.directory).root, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Ends the cluster and removes the project. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Runs `dask-cluster` in the project. */
  async daskCluster(...words: string[]): Promise<Command> {
    return await this.run("-c", DASK_CLUSTER, ...words);
  }

  /** Runs a function of `datasets.py`, and returns its output. */
  async datasets(...words: (string | number)[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(join(__dirname, "datasets.py"), ...words.map(String));
    if (code !== 0) throw new Error(`datasets.py ${words.join(" ")}: ${stderr}`);
    return stdout.trim();
  }

  /** Starts `dask-cluster` in the project, for a test that kills it. */
  spawnDaskCluster(...words: string[]): ChildProcess {
    return spawn(this.python, ["-c", DASK_CLUSTER, ...words], { ...this.options(), stdio: "ignore" });
  }

  private async run(...words: string[]): Promise<Command> {
    const options = { ...this.options(), timeout: COMMAND_TIMEOUT };
    try {
      return { code: 0, ...(await promisify(execFile)(this.python, words, options)) };
    } catch (error) {
      return error as Command;
    }
  }

  private options() {
    const sources = join(packageRoot(), "python", "src");
    const env = { PATH: process.env.PATH, PYTHONPATH: sources, PYTHONDONTWRITEBYTECODE: "1" };
    return { cwd: this.directory, env };
  }
}
