import { type ChildProcess, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defineCluster } from "../../lib/config/define";
import type { CpuPoolDefinition } from "../../lib/config/definition";
import { localPaths } from "../../lib/local/paths";
import { localPools } from "../../lib/local/runtime/pools";
import { configDirectory, localPrograms } from "../../lib/local/runtime/programs";
import { packageRoot } from "../../lib/node/package-file";
import { end, freePorts, start } from "../dashboard/processes";
import { checkers, INSTALL_TIMEOUT } from "../support/python-environment";

/** Memory of a worker: what 15 results of a tenth each need besides Python and its packages. */
const WORKER_MEMORY = 512 * 1024 ** 2;

/** Time for scheduler and workers to start, and for the 15 results, in ms. */
const START_TIMEOUT = 120_000;
const RESULTS_TIMEOUT = 120_000;

interface Report {
  readonly sums: readonly number[];
  readonly expected: readonly number[];
  readonly spilled: number;
  readonly workers: readonly { readonly limit: number; readonly peak: number; readonly same: boolean }[];
}

describe.each([1, 11])("with %i worker processes on one node", (processes) => {
  let directory: string;
  let report: Report;
  const children: ChildProcess[] = [];

  beforeAll(
    async () => {
      const tools = await checkers();
      mkdirSync(join(packageRoot(), ".test"), { recursive: true });
      directory = mkdtempSync(join(packageRoot(), ".test", "spilling-"));
      const ports = await twoPorts();
      // The definition of the local example without limits, on the smallest disk: what is derived has to do.
      const pool: CpuPoolDefinition = { name: "cpu", kind: "cpu", processes, threads: 1, diskGiB: 20 };
      const cluster = defineCluster({
        name: "local",
        network: { adminSubnets: ["127.0.0.0/8"] },
        pools: [pool],
      });
      const paths = { ...localPaths("local", directory), environment: dirname(tools) };
      const python = { path: join(tools, "python"), version: "3.12" };
      const memory = processes * WORKER_MEMORY;
      const machine = { python, cpus: 2, gpus: 0, memory, platform: "linux x64" };
      const programs = localPrograms(cluster, localPools(cluster, machine).present, 2, paths, ports);
      mkdirSync(paths.scratch, { recursive: true });
      for (const program of programs) {
        const config = configDirectory(program.name, paths);
        mkdirSync(config, { recursive: true });
        for (const [file, content] of Object.entries(program.config))
          writeFileSync(join(config, file), content);
        children.push(start(join(directory, `${program.name}.log`), program.environment, ...program.argv));
      }
      const logs = programs.slice(1).map(({ name }) => join(directory, `${name}.log`));
      const registered = () => count(logs, "Registered to") >= processes;
      for (const started = Date.now(); !registered(); await sleep(200))
        if (Date.now() - started > START_TIMEOUT)
          throw new Error(logs.map((log) => readFileSync(log, "utf8")).join("\n"));
      report = results(python.path, `tcp://127.0.0.1:${ports.scheduler}`);
    },
    INSTALL_TIMEOUT + START_TIMEOUT + RESULTS_TIMEOUT,
  );

  afterAll(async () => {
    await Promise.all(children.map(end));
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  test("15 results of 1.5 times a worker's memory finish, and are right", () => {
    expect(report.sums).toHaveLength(15);
    expect(report.sums).toEqual(report.expected);
  });

  test("they are spilled: the worker keeps at most its limit in memory", () => {
    expect(report.spilled).toBeGreaterThan(0.5 * WORKER_MEMORY);
  });

  test("the limits add up to the node's memory, and no worker exceeds its own or is replaced", () => {
    expect(report.workers.map(({ limit }) => limit)).toEqual(Array(processes).fill(WORKER_MEMORY));
    for (const { peak, limit, same } of report.workers) {
      expect(peak).toBeLessThan(limit);
      expect(same).toBe(true);
    }
  });
});

function results(python: string, address: string): Report {
  const { stdout, stderr, status } = spawnSync(python, [join(__dirname, "spill_results.py"), address], {
    encoding: "utf8",
    timeout: RESULTS_TIMEOUT,
    env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: "1" },
  });
  if (status !== 0) throw new Error(`the results did not finish (${status}):\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

function count(logs: readonly string[], words: string): number {
  return logs.reduce((sum, log) => sum + readFileSync(log, "utf8").split(words).length - 1, 0);
}

async function twoPorts() {
  const [scheduler = 0, dashboard = 0] = await freePorts(2);
  return { scheduler, dashboard };
}
