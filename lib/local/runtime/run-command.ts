import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { LocalStackError } from "../error";
import { readIfPossible } from "../files";
import type { LocalPaths } from "../paths";
import { errorFromLog } from "./error-from-log";
import { lastLine } from "./first-error";
import { processMarker } from "./processes";
import { toolEnvironment } from "./tool-environment.cjs";

/** What every step of a command needs. */
export interface CommandContext {
  /** Prints a line of progress. */
  readonly log: (line: string) => void;
  /** Aborted when the user interrupts the command. */
  readonly signal: AbortSignal;
}

/** What every step of a command of the local cluster needs. */
export interface StepContext extends CommandContext {
  readonly paths: LocalPaths;
}

/** Seconds between two lines of progress of a command whose output goes to a file. */
const PROGRESS_SECONDS = 10;

/** How `runCommand` runs a command. */
export interface CommandOptions {
  /** Start of the error message, such as `uv cannot be installed`. */
  readonly failure: string;
  /** Seconds after which the command is killed and counts as failed. */
  readonly timeout: number;
  /**
   * Environment variables in addition to those of a tool (`toolEnvironment`).
   *
   * @default - none
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Working directory.
   *
   * @default - that of this process
   */
  readonly cwd?: string;
  /**
   * File for the output.
   *
   * @default - the output of this process
   */
  readonly logFile?: string;
  /**
   * What the user can do about a failure.
   *
   * @default - none
   */
  readonly hint?: string;
}

/**
 * Runs a command and waits for it.
 *
 * @throws LocalStackError with the first error of its log, if it fails or exceeds its timeout
 */
export async function runCommand(
  { log, signal, ...context }: CommandContext | StepContext,
  argv: readonly string[],
  options: CommandOptions,
): Promise<void> {
  const { failure, timeout, cwd, logFile, hint } = options;
  const [command = "", ...args] = argv;
  if (logFile !== undefined) mkdirSync(dirname(logFile), { recursive: true });
  const output = logFile === undefined ? "inherit" : openSync(logFile, "a");
  const progress = setInterval(
    () => logFile !== undefined && log(`… ${lastLine(readIfPossible(logFile) ?? "") ?? ""}`),
    PROGRESS_SECONDS * 1000,
  );
  try {
    const marker = "paths" in context ? processMarker(context.paths) : {};
    const env = { ...toolEnvironment(process.env), ...marker, ...options.env };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout * 1000)]);
    const child = spawn(command, args, { cwd, env, signal: limit, stdio: ["ignore", output, output] });
    const reason = await new Promise<string | undefined>((resolve) => {
      let spawnError: string | undefined;
      child.on("error", (error) => {
        spawnError = limit.aborted ? `timeout after ${timeout} s` : error.message;
      });
      child.on("close", (code) => resolve(code === 0 ? undefined : (spawnError ?? `exit ${code}`)));
    });
    signal.throwIfAborted();
    if (reason === undefined) return;
    const sentence = `${failure} (${reason})`;
    if (logFile !== undefined) throw errorFromLog(sentence, logFile, hint);
    throw new LocalStackError(sentence, ...(hint === undefined ? [] : [hint]));
  } finally {
    clearInterval(progress);
    if (output !== "inherit") closeSync(output);
  }
}
