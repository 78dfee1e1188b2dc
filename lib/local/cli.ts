import { spawn } from "node:child_process";
import { DEFINITION, type LocalDefinition, type Verb } from "./definition";
import { LocalStackError } from "./error";
import { type LocalPaths, localPaths } from "./paths";
import { endProcesses, mark } from "./processes";
import { remove } from "./remove";
import { install, start } from "./start";
import type { Task } from "./task";

/**
 * Terraform kills its provisioners at once when it is interrupted. So the work is done by a process of a session of
 * its own, which learns from its standard input that nobody waits any more, and still puts everything in order.
 */
const WORKING = "CDKTF_DASK_LOCAL_WORKING";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function delegate(verb: Verb, paths: LocalPaths): void {
  const stdio: ["pipe", "inherit", "inherit"] = ["pipe", "inherit", "inherit"];
  // Who ends the stack also ends, and waits for, a start that is under way.
  const marked = verb === "install" || verb === "start" ? mark(paths) : {};
  const env = { ...process.env, ...marked, [WORKING]: "1" };
  const worker = spawn(process.execPath, process.argv.slice(1), { detached: true, stdio, env });
  for (const signal of SIGNALS) process.on(signal, () => worker.stdin.end());
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
    if (verb === "stop") await endProcesses(paths);
    else if (verb === "remove") await remove(paths);
    else await { install, start }[verb](task, JSON.parse(process.env[DEFINITION] ?? "") as LocalDefinition);
    process.exit(0);
  } catch (error) {
    if (unwanted.signal.aborted) say("interrupted; nothing is left running");
    else
      process.stderr.write(`${error instanceof LocalStackError ? error.message : (error as Error).stack}\n`);
    process.exit(1);
  }
}

const [verb = "", clusterName = ""] = process.argv.slice(2);
if (process.env[WORKING] === undefined) delegate(verb as Verb, localPaths(clusterName));
else void work(verb as Verb, localPaths(clusterName));
