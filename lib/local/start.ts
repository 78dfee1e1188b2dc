import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "../cluster/cluster";
import { packageRoot } from "../node/package-file";
import { makeCertificates } from "./certificates";
import type { LocalDefinition } from "./definition";
import { makeEnvironment, releaseLock } from "./environment";
import { LocalStackError } from "./error";
import { type Expectation, expectation } from "./expectation";
import { thisMachine } from "./machine";
import type { LocalPaths } from "./paths";
import { localPools } from "./pools";
import { refuseTakenPorts } from "./ports";
import { endProcesses } from "./processes";
import { configDirectory, localPrograms, type Program, schedulerAddress } from "./programs";
import { remove } from "./remove";
import { supervisorConfig } from "./supervisor";
import { run, type Task } from "./task";
import { waitForWorkers } from "./workers";

/** Seconds for the supervisor to go to the background, and for the smoke test. */
const SUPERVISOR_TIMEOUT = 30;
const SMOKE_TEST_TIMEOUT = 120;

/** Makes what the cluster runs in, and finds out early what would keep it from starting; or leaves nothing. */
export async function install(task: Task, { cluster, ports }: LocalDefinition): Promise<void> {
  try {
    await endProcesses(task.paths);
    await refuseTakenPorts(ports);
    const machine = await thisMachine(cluster.release);
    const gpu = localPools(cluster, machine).present.some(({ pool }) => pool.kind === "gpu");
    const lock = releaseLock(cluster.release.name, gpu ? "gpu" : "cpu");
    await makeEnvironment(task, machine.python, lock, cluster.tls);
  } catch (error) {
    await remove(task.paths);
    throw error;
  }
}

/** Starts scheduler and workers, waits for them and tests them; whatever goes wrong, nothing is left running. */
export async function start(task: Task, definition: LocalDefinition): Promise<void> {
  await install(task, definition);
  const { cluster, ports } = definition;
  const machine = await thisMachine(cluster.release);
  const { present, absent } = localPools(cluster, machine);
  for (const { name, reason } of absent) task.say(`${name} pool: absent, ${reason}`);
  if (present.length === 0)
    throw new LocalStackError("no pool of the cluster can be on this machine; give the cluster a cpu pool");
  const expected = expectation(cluster, present);
  try {
    const programs = localPrograms(cluster, present, machine.cpus, task.paths, ports);
    writeFiles(task.paths, programs, expected);
    const address = schedulerAddress(cluster, ports);
    await makeCertificates(task, cluster, address);
    task.say(`starting ${programs.map(({ name }) => name).join(", ")}`);
    await run(task, [join(task.paths.tools, "bin", "supervisord"), "-c", task.paths.supervisorConfig], {
      failure: "the supervisor does not start",
      timeout: SUPERVISOR_TIMEOUT,
      log: join(task.paths.logs, "supervisord.out"),
    });
    await waitForWorkers(task, expected, address, ports);
    await smokeTest(task, cluster, address);
  } catch (error) {
    await endProcesses(task.paths);
    throw error;
  }
}

/** Everything that the programs read, in directories without a trace of an earlier run. */
function writeFiles(paths: LocalPaths, programs: readonly Program[], expected: Expectation): void {
  for (const directory of [paths.logs, paths.scratch, paths.config]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }
  for (const { name, config } of programs) {
    mkdirSync(configDirectory(name, paths));
    for (const [file, content] of Object.entries(config))
      writeFileSync(join(configDirectory(name, paths), file), content);
  }
  writeFileSync(paths.supervisorConfig, supervisorConfig(programs, paths));
  writeFileSync(paths.expectation, `${JSON.stringify(expected, null, 2)}\n`);
}

async function smokeTest(task: Task, { tls }: Cluster, address: string): Promise<void> {
  const script = join(packageRoot(), "cloud-init/dask/smoke_test/smoke_test.py");
  const python = join(task.paths.environment, "bin", "python");
  const limit = ["--timeout", String(SMOKE_TEST_TIMEOUT)];
  const cluster = tls ? ["--bundle", task.paths.client] : [address];
  await run(task, [python, script, ...cluster, "--expect", task.paths.expectation, ...limit], {
    failure: `the smoke test failed; logs of scheduler and workers: ${task.paths.logs}`,
    timeout: SMOKE_TEST_TIMEOUT + 30,
    env: {
      DASK_CONFIG: tls ? task.paths.client : configDirectory("dask-scheduler", task.paths),
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONUNBUFFERED: "1",
    },
  });
}
