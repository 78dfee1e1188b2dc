#!/usr/bin/env node
import { Command } from "commander";
import { ValidationError } from "../config/validation-error";
import { LocalStackError } from "../local/error";
import { LockedError } from "../local/runtime/lock.cjs";
import type { CommandContext } from "../local/runtime/run-command";
import { packageFile } from "../node/package-file";
import { client } from "./client/client";
import { type ComposeOptions, compose } from "./compose/compose";
import { costs } from "./costs/costs";
import { diagram } from "./diagram/diagram";
import { CommandError } from "./error";
import { lock } from "./lock/lock";
import { SERVICES } from "./pipeline/files";
import { type PipelineOptions, pipeline } from "./pipeline/pipeline";
import { policy } from "./policy/policy";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs a command until its end, or until a signal. Progress goes to standard error. */
async function run(command: (context: CommandContext) => Promise<void>): Promise<void> {
  const cancellation = new AbortController();
  for (const signal of SIGNALS) process.on(signal, () => cancellation.abort());
  const started = Date.now();
  const log = (line: string) =>
    process.stderr.write(`[${String(Math.round((Date.now() - started) / 1000)).padStart(3)} s] ${line}\n`);
  try {
    await command({ log, signal: cancellation.signal });
  } catch (error) {
    if (cancellation.signal.aborted) process.stderr.write("interrupted; nothing has changed\n");
    else process.stderr.write(`${isExpected(error) ? error.message : (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}

function isExpected(error: unknown): error is Error {
  return [CommandError, LocalStackError, LockedError, ValidationError].some((type) => error instanceof type);
}

// The pipe may close before the command ends (`npx cdktf-dask client … | head`).
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const { version } = JSON.parse(packageFile("package.json")) as { version: string };
const program = new Command("cdktf-dask")
  .description(
    "Locks and installs the Python packages of Dask clusters, renders them for Docker Compose, and draws, checks and deploys their stacks.",
  )
  .version(version);
program
  .command("lock")
  .description("write the lockfiles of clusters that add packages to their release")
  .argument("[cluster...]", "names of clusters (default: all of the app in cdktf.json)")
  .option(
    "--upgrade",
    "choose the newest versions of your packages instead of those in the existing lockfiles",
  )
  .action((names: string[], { upgrade = false }: { upgrade?: boolean }) =>
    run((context) => lock(context, names, { upgrade })),
  );
program
  .command("client")
  .description("make a Python environment for clients of a cluster, from its lockfile")
  .argument("<cluster>", "name of the cluster")
  .option("--folder <folder>", "folder of the environment (default: .dask/clients/<cluster>)")
  .option("--requirements", "print a requirements file with hashes instead")
  .action((name: string, options: { folder?: string; requirements?: boolean }) =>
    run((context) => client(context, name, options)),
  );
program
  .command("diagram")
  .description("print a diagram of a stack on AWS, from its synthesized JSON")
  .argument("<stack>", "name of the stack")
  .option("--format <format>", "svg, or mermaid for the text that GitHub draws", "svg")
  .action((name: string, { format }: { format: string }) => run((context) => diagram(context, name, format)));
program
  .command("compose")
  .description("write compose.yaml and Dockerfiles of a cluster, for Docker Compose")
  .argument("[cluster]", "name of the cluster (default: the only one of the app in cdktf.json)")
  .option("--output <folder>", "folder of the files (default: compose/<cluster>)")
  .option("--scheduler-port <port>", "port of this computer for clients (default: 8786)")
  .option("--dashboard-port <port>", "port of this computer for the dashboard (default: 8787)")
  .action((name: string | undefined, options: ComposeOptions) =>
    run((context) => compose(context, name, options)),
  );
program
  .command("costs")
  .description("print what the instances of a stack on AWS cost in an hour, by pool")
  .argument("<stack>", "name of the stack")
  .action((name: string) => run((context) => costs(context, name)));
program
  .command("policy")
  .description("check a stack against the security policy, with Checkov")
  .argument("<stack>", "name of the stack")
  .action((name: string) => run((context) => policy(context, name)));
program
  .command("pipeline")
  .description("write the files of a pipeline that plans and applies a stack on AWS")
  .argument("<service>", SERVICES.join(", "))
  .argument("<stack>", "name of the stack")
  .option("--force", "replace files with other contents")
  .action((service: string, name: string, options: PipelineOptions) =>
    run((context) => pipeline(context, service, name, options)),
  );
void program.parseAsync();
