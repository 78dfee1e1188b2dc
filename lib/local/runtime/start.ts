import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { unknownDaskKeys } from "../../config/rules/settings";
import { type Expectation, expectation } from "../../node/expectation";
import { supportedPythons } from "../../node/packages/lockfile";
import { schedulerAddress } from "../addresses";
import type { LocalDefinition } from "../definition";
import { LocalStackError } from "../error";
import { replaceFile } from "../files";
import { monitoringPort } from "../monitoring";
import { localPackages, lockfilesOf } from "../packages";
import type { LocalPaths } from "../paths";
import { autoscalerProgram, minNodes, scalingSentences } from "./autoscaler";
import { makeCertificates } from "./certificates";
import { type Computer, inspectComputer } from "./computer";
import { createEnvironment, lockEnvironment } from "./environment";
import { checkPortsFree } from "./free-ports";
import { type PackageIndex, pipVariables } from "./package-index";
import { type LocalPool, localPools } from "./pools";
import { endProcesses, processesOf } from "./processes";
import { checkPrograms, startProgram } from "./program-states";
import { configDirectory, localPrograms, onlyConfiguration, type Program } from "./programs";
import { findPrometheus, NO_PROMETHEUS, prometheusProgram } from "./prometheus";
import { pythonModule } from "./python-module";
import { runCommand, type StepContext } from "./run-command";
import { recordRun } from "./running";
import { startSupervisor, supervisorConfig } from "./supervisor";
import { secretsOfShell } from "./variables";
import { waitForWorkers } from "./workers";

const SMOKE_TEST_SECONDS = 120;

/** This computer, and the index that packages are installed from. */
export interface Installed {
  readonly computer: Computer;
  readonly index: PackageIndex;
}

/**
 * Creates the environment of the cluster, after a check of what would prevent its start.
 *
 * @throws LocalStackError if a port is in use or the environment cannot be created
 */
export async function install(context: StepContext, { cluster, ports }: LocalDefinition): Promise<Installed> {
  secretsOfShell(cluster, process.env);
  // Before ending processes, because `prepare` is one of them.
  await lockEnvironment(context);
  await endProcesses(context.paths);
  const { monitoring } = cluster;
  await checkPortsFree({ ...ports, ...(monitoring?.requested && { monitoring: monitoringPort(ports) }) });
  return createEnvironmentOf(context, cluster);
}

/** Creates the environment before Terraform runs `install`, unless processes use the existing one. */
export async function prepare(context: StepContext, { cluster }: LocalDefinition): Promise<void> {
  await lockEnvironment(context);
  if (processesOf(context.paths).length === 0) await createEnvironmentOf(context, cluster);
}

async function createEnvironmentOf(context: StepContext, cluster: ResolvedCluster): Promise<Installed> {
  const packages = localPackages(cluster);
  const computer = await inspectComputer(supportedPythons(cluster.release, packages.lockfiles.cpu));
  const gpu = localPools(cluster, computer).present.some(({ pool }) => pool.kind === "gpu");
  const index = await createEnvironment(context, computer.python, {
    lockfiles: lockfilesOf(packages, gpu ? "gpu" : "cpu"),
    wheels: packages.wheels,
    index: cluster.environment.index,
    description: packages.own ? `the packages of ${cluster.name}` : "the packages of the release",
  });
  return { computer, index };
}

/**
 * Starts scheduler and workers, waits for the workers and runs the smoke test. After a failure no process remains.
 *
 * @throws LocalStackError if a step fails
 */
export async function start(context: StepContext, definition: LocalDefinition): Promise<void> {
  const { computer, index } = await install(context, definition);
  const { cluster, ports, generation } = definition;
  const { present, absent } = localPools(cluster, computer);
  // npm start does not print the warnings of the synthesis.
  for (const warning of unknownDaskKeys(cluster)) context.log(`warning: ${warning}`);
  for (const { name, reason } of absent) context.log(`${name} pool: not started: ${reason}`);
  if (present.length === 0)
    throw new LocalStackError("no pool of the cluster can run on this computer. Hint: add a cpu pool");
  const expecting = (nodesOf: (local: LocalPool) => number) =>
    expectation(
      cluster,
      present.map((local) => ({ pool: local.pool, workers: nodesOf(local) * local.workers })),
    );
  const expected = expecting(({ desired }) => desired);
  try {
    const prometheus = prometheusOf(context, definition);
    const autoscaler = autoscalerProgram(cluster, present, computer.cpus, context.paths, ports);
    const programs = [
      ...localPrograms(cluster, present, computer.cpus, context.paths, ports),
      ...(prometheus ? [prometheus] : []),
      ...(autoscaler ? [autoscaler] : []),
    ];
    writeFiles(context.paths, programs);
    writeExpectation(context.paths, expected);
    const address = schedulerAddress(cluster, ports);
    await makeCertificates(context, cluster, address);
    const first = programs.filter(({ autostart = true }) => autostart);
    context.log(`starting ${first.map(({ name }) => name).join(", ")}`);
    // Workers that install packages (PipInstall) use the same index.
    await startSupervisor(context, { ...pipVariables(index), ...secretsOfShell(cluster, process.env) });
    await waitForWorkers(context, expected, address, ports, () => checkPrograms(context));
    await smokeTest(context, cluster, address);
    if (autoscaler) {
      await startProgram(context, autoscaler.name);
      // From now on, a pool may have fewer nodes than at the start.
      writeExpectation(context.paths, expecting(minNodes));
      for (const sentence of scalingSentences(context.paths)) context.log(sentence);
    }
    recordRun(context.paths, { generation, address, ports });
  } catch (error) {
    await endProcesses(context.paths);
    throw error;
  }
}

/** Returns Prometheus if the definition asks for it and this computer has it. Logs if it has not. */
function prometheusOf(context: StepContext, { cluster, ports }: LocalDefinition): Program | undefined {
  if (!cluster.monitoring?.requested) return undefined;
  const program = findPrometheus(process.env);
  if (program === undefined) context.log(NO_PROMETHEUS);
  return program === undefined ? undefined : prometheusProgram(cluster, program, context.paths, ports);
}

/** Removes the files of an earlier run and writes those that the programs read. */
function writeFiles(paths: LocalPaths, programs: readonly Program[]): void {
  rmSync(paths.run, { force: true });
  for (const directory of [paths.logs, paths.scratch, paths.config]) {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }
  for (const { name, config } of programs) {
    mkdirSync(configDirectory(name, paths));
    for (const [file, content] of Object.entries(config)) {
      const path = join(configDirectory(name, paths), file);
      mkdirSync(dirname(path), { recursive: true });
      replaceFile(path, content);
    }
  }
  replaceFile(paths.supervisorConfig, supervisorConfig(programs, paths));
}

function writeExpectation(paths: LocalPaths, expected: Expectation): void {
  replaceFile(paths.expectation, `${JSON.stringify(expected, null, 2)}\n`);
}

async function smokeTest(context: StepContext, { tls }: ResolvedCluster, address: string): Promise<void> {
  const { argv, env } = pythonModule(join(context.paths.environment, "bin", "python"), "smoke_test");
  const limit = ["--timeout", String(SMOKE_TEST_SECONDS)];
  const cluster = tls ? ["--bundle", context.paths.client] : [address];
  await runCommand(context, [...argv, ...cluster, "--expect", context.paths.expectation, ...limit], {
    failure: `the smoke test failed; logs of scheduler and workers: ${context.paths.logs}`,
    timeout: SMOKE_TEST_SECONDS + 30,
    env: {
      ...env,
      ...onlyConfiguration(tls ? context.paths.client : configDirectory("dask-scheduler", context.paths)),
      // Dask also reads ~/.config/dask.
      HOME: context.paths.scratch,
      PYTHONUNBUFFERED: "1",
    },
  });
}
