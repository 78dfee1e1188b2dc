import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { schedulerAddress } from "../addresses";
import type { LocalDefinition } from "../definition";
import { LocalStackError } from "../error";
import { replaceFile } from "../files";
import { releaseLockfiles } from "../lockfiles";
import type { LocalPaths } from "../paths";
import { makeCertificates } from "./certificates";
import { inspectComputer } from "./computer";
import { holdEnvironment, makeEnvironment } from "./environment";
import { type Expectation, expectation } from "./expectation";
import { refuseTakenPorts } from "./free-ports";
import { type PackageIndex, pipVariables } from "./package-index";
import { localPools } from "./pools";
import { endProcesses, processesOf } from "./processes";
import { checkPrograms } from "./program-states";
import { configDirectory, localPrograms, onlyConfiguration, type Program } from "./programs";
import { pythonModule } from "./python-module";
import { recordRun } from "./running";
import { startSupervisor, supervisorConfig } from "./supervisor";
import { run, type Task } from "./task";
import { waitForWorkers } from "./workers";

/** Seconds for the smoke test. */
const SMOKE_TEST_TIMEOUT = 120;

/**
 * Makes what the cluster runs in, and finds out early what would keep it from starting. An environment that is not
 * complete does not stay.
 *
 * @returns the index that packages are installed from
 */
export async function install(task: Task, { cluster, ports }: LocalDefinition): Promise<PackageIndex> {
  // Before processes are ended: those that prepare the environment are among them.
  await holdEnvironment(task);
  await endProcesses(task.paths);
  await refuseTakenPorts(ports);
  return makeEnvironmentOf(task, cluster);
}

/** Makes what the cluster runs in before Terraform asks for it, unless processes use what is there. */
export async function prepare(task: Task, { cluster }: LocalDefinition): Promise<void> {
  await holdEnvironment(task);
  if (processesOf(task.paths).length === 0) await makeEnvironmentOf(task, cluster);
}

async function makeEnvironmentOf(task: Task, cluster: ResolvedCluster): Promise<PackageIndex> {
  const computer = await inspectComputer(cluster.release);
  const gpu = localPools(cluster, computer).present.some(({ pool }) => pool.kind === "gpu");
  const lockfiles = releaseLockfiles(cluster.release.name, gpu ? "gpu" : "cpu");
  return makeEnvironment(task, computer.python, lockfiles);
}

/** Starts scheduler and workers, waits for them and tests them; whatever goes wrong, nothing is left running. */
export async function start(task: Task, definition: LocalDefinition): Promise<void> {
  const index = await install(task, definition);
  const { cluster, ports, generation } = definition;
  const computer = await inspectComputer(cluster.release);
  const { present, absent } = localPools(cluster, computer);
  for (const { name, reason } of absent) task.say(`${name} pool: absent, ${reason}`);
  if (present.length === 0)
    throw new LocalStackError("no pool of the cluster can be on this machine; give the cluster a cpu pool");
  const expected = expectation(cluster, present);
  try {
    const programs = localPrograms(cluster, present, computer.cpus, task.paths, ports);
    writeFiles(task.paths, programs, expected);
    const address = schedulerAddress(cluster, ports);
    await makeCertificates(task, cluster, address);
    task.say(`starting ${programs.map(({ name }) => name).join(", ")}`);
    // Workers that install packages (PipInstall) use the same index.
    await startSupervisor(task, pipVariables(index));
    await waitForWorkers(task, expected, address, ports, () => checkPrograms(task));
    await smokeTest(task, cluster, address);
    recordRun(task.paths, { generation, address, ports });
  } catch (error) {
    await endProcesses(task.paths);
    throw error;
  }
}

/** Writes everything that the programs read, after removing the files of an earlier run. */
function writeFiles(paths: LocalPaths, programs: readonly Program[], expected: Expectation): void {
  rmSync(paths.run, { force: true });
  for (const directory of [paths.logs, paths.scratch, paths.config]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }
  for (const { name, config } of programs) {
    mkdirSync(configDirectory(name, paths));
    for (const [file, content] of Object.entries(config))
      replaceFile(join(configDirectory(name, paths), file), content);
  }
  replaceFile(paths.supervisorConfig, supervisorConfig(programs, paths));
  replaceFile(paths.expectation, `${JSON.stringify(expected, null, 2)}\n`);
}

async function smokeTest(task: Task, { tls }: ResolvedCluster, address: string): Promise<void> {
  const { argv, env } = pythonModule(join(task.paths.environment, "bin", "python"), "smoke_test");
  const limit = ["--timeout", String(SMOKE_TEST_TIMEOUT)];
  const cluster = tls ? ["--bundle", task.paths.client] : [address];
  await run(task, [...argv, ...cluster, "--expect", task.paths.expectation, ...limit], {
    failure: `the smoke test failed; logs of scheduler and workers: ${task.paths.logs}`,
    timeout: SMOKE_TEST_TIMEOUT + 30,
    env: {
      ...env,
      ...onlyConfiguration(tls ? task.paths.client : configDirectory("dask-scheduler", task.paths)),
      // Dask reads ~/.config/dask too.
      HOME: task.paths.scratch,
      PYTHONUNBUFFERED: "1",
    },
  });
}
