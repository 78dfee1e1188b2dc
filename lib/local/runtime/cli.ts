import { spawn } from "node:child_process";
import { DEFINITION, type LocalDefinition, type Verb } from "../definition";
import { LocalStackError } from "../error";
import { type LocalPaths, localPaths } from "../paths";
import { holdLock } from "./hold-lock";
import { heldByParent, LockedError } from "./lock.cjs";
import { endProcesses, mark, whatIsLeft } from "./processes";
import { remove } from "./remove";
import { install, prepare, start } from "./start";
import type { Task } from "./task";

/**
 * Terraform kills its provisioners on interrupt. So the work is done by a process in a detached session, which treats
 * EOF on its standard input as cancellation and cleans up.
 */
const WORKING = "CDKTF_DASK_LOCAL_WORKING";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Longest that a verb of one command waits for another of the same command, which may still be ending processes, in seconds. */
const SIBLING_TIMEOUT = 60;

/** Milliseconds between two checks whether Terraform is still there; it may be killed without a signal to us. */
const PARENT_CHECK = 1000;

function delegate(verb: Verb, paths: LocalPaths): void {
  const stdio: ["pipe", "inherit", "inherit"] = ["pipe", "inherit", "inherit"];
  // A later `stop` finds a start that was left behind by its mark.
  const marked = ["prepare", "install", "start"].includes(verb) ? mark(paths) : {};
  const env = { ...process.env, ...marked, [WORKING]: "1" };
  const worker = spawn(process.execPath, process.argv.slice(1), { detached: true, stdio, env });
  worker.stdin.on("error", () => {});
  for (const signal of SIGNALS) process.on(signal, () => worker.stdin.end());
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && worker.stdin.end(), PARENT_CHECK).unref();
  worker.on("close", (code) => process.exit(code ?? 1));
}

async function work(verb: Verb, paths: LocalPaths): Promise<void> {
  const unwanted = new AbortController();
  const abort = () => unwanted.abort();
  process.stdin.on("error", abort).on("close", abort).resume();
  for (const signal of SIGNALS) process.on(signal, abort);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
  const started = Date.now();
  const say = (line: string) =>
    process.stdout.write(`[${String(Math.round((Date.now() - started) / 1000)).padStart(3)} s] ${line}\n`);
  const task: Task = { paths, say, signal: unwanted.signal };
  try {
    // Preparations go on beside a deployment; only one of them makes the environment at a time.
    const wait = heldByParent() ? SIBLING_TIMEOUT : 0;
    if (verb !== "prepare")
      await holdLock(paths.lock, `cdktf (${verb} of ${clusterName})`, wait, task.signal);
    if (verb === "stop") await endProcesses(paths);
    else if (verb === "remove") await remove(paths);
    else
      await { prepare, install, start }[verb](
        task,
        JSON.parse(process.env[DEFINITION] ?? "") as LocalDefinition,
      );
    process.exit(0);
  } catch (error) {
    if (unwanted.signal.aborted) say(`interrupted; ${whatIsLeft(paths)}`);
    else process.stderr.write(`${isExpected(error) ? error.message : (error as Error).stack}\n`);
    process.exit(1);
  }
}

function isExpected(error: unknown): error is Error {
  return error instanceof LocalStackError || error instanceof LockedError;
}

const [verb = "", clusterName = ""] = process.argv.slice(2);
if (process.env[WORKING] === undefined) delegate(verb as Verb, localPaths(clusterName));
else void work(verb as Verb, localPaths(clusterName));
