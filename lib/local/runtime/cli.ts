import { spawn } from "node:child_process";
import { ValidationError } from "../../config/validation-error";
import { DEFINITION_VARIABLE, type LocalCommand, type LocalDefinition } from "../definition";
import { LocalStackError } from "../error";
import { type LocalPaths, localPaths } from "../paths";
import { LockedError, parentHasLock } from "./lock.cjs";
import { describeRemaining, endProcesses, processMarker } from "./processes";
import { remove } from "./remove";
import type { StepContext } from "./run-command";
import { install, prepare, start } from "./start";
import { waitForLock } from "./wait-for-lock";

/**
 * Set in the process that does the work. Terraform kills provisioners on interrupt, so this process runs in a detached
 * session, treats EOF on its standard input as cancellation, and cleans up.
 */
const WORKER_VARIABLE = "CDKTF_DASK_LOCAL_WORKER";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Seconds to wait for the previous provisioner of the same deployment, which may still be ending processes. */
const LOCK_SECONDS = 60;

/** Milliseconds between two checks that Terraform still exists; after SIGKILL it sends no signal. */
const PARENT_CHECK_MS = 1000;

/** Runs the command in a detached process, and passes cancellation to it by closing its standard input. */
function runDetached(command: LocalCommand, paths: LocalPaths): void {
  const stdio: ["pipe", "inherit", "inherit"] = ["pipe", "inherit", "inherit"];
  // With the marker, a later `stop` also ends a start that lost its parent.
  const marker = ["prepare", "install", "start"].includes(command) ? processMarker(paths) : {};
  const env = { ...process.env, ...marker, [WORKER_VARIABLE]: "1" };
  const worker = spawn(process.execPath, process.argv.slice(1), { detached: true, stdio, env });
  worker.stdin.on("error", () => {});
  for (const signal of SIGNALS) process.on(signal, () => worker.stdin.end());
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && worker.stdin.end(), PARENT_CHECK_MS).unref();
  worker.on("close", (code) => process.exit(code ?? 1));
}

async function run(command: LocalCommand, clusterName: string, paths: LocalPaths): Promise<void> {
  const cancellation = new AbortController();
  const cancel = () => cancellation.abort();
  process.stdin.on("error", cancel).on("close", cancel).resume();
  for (const signal of SIGNALS) process.on(signal, cancel);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const started = Date.now();
  const log = (line: string) =>
    process.stdout.write(`[${String(Math.round((Date.now() - started) / 1000)).padStart(3)} s] ${line}\n`);
  const context: StepContext = { paths, log, signal: cancellation.signal };
  try {
    // `prepare` runs in parallel with a deployment; the creation of the environment has its own lock.
    const seconds = parentHasLock() ? LOCK_SECONDS : 0;
    if (command !== "prepare")
      await waitForLock(paths.lock, `cdktf (${command} of ${clusterName})`, seconds, context.signal);
    await runStep(command, context);
    process.exit(0);
  } catch (error) {
    if (cancellation.signal.aborted) log(`interrupted; ${describeRemaining(paths)}`);
    else process.stderr.write(`${isExpected(error) ? error.message : (error as Error).stack}\n`);
    process.exit(1);
  }
}

async function runStep(command: LocalCommand, context: StepContext): Promise<void> {
  if (command === "stop") return endProcesses(context.paths);
  if (command === "remove") return remove(context.paths);
  const definition = JSON.parse(process.env[DEFINITION_VARIABLE] ?? "") as LocalDefinition;
  await { prepare, install, start }[command](context, definition);
}

function isExpected(error: unknown): error is Error {
  return error instanceof LocalStackError || error instanceof LockedError || error instanceof ValidationError;
}

const [command = "", clusterName = ""] = process.argv.slice(2);
const paths = localPaths(clusterName);
if (process.env[WORKER_VARIABLE] === undefined) runDetached(command as LocalCommand, paths);
else void run(command as LocalCommand, clusterName, paths);
