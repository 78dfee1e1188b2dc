import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { LocalStackError } from "../error";
import { readIfPossible } from "../files";
import type { LocalPaths } from "../paths";
import { errorFromLog } from "./error-from-log";
import { lastLine } from "./first-error";
import { mark } from "./processes";
import { toolEnvironment } from "./shell.cjs";

/** What each step of starting a local stack is given. */
export interface Task {
  readonly paths: LocalPaths;
  /** Tells the reader how far it is, in a line. */
  readonly say: (line: string) => void;
  /** Aborted when the reader has had enough. */
  readonly signal: AbortSignal;
}

/** Seconds between two signs of life of a command whose output goes to a log. */
const SAY_SECONDS = 10;

/** How a command of a task is run. */
export interface RunOptions {
  /** First words of the sentence that says that the command failed. */
  readonly failure: string;
  /** Seconds after which the command is ended and has failed. */
  readonly timeout: number;
  /**
   * Variables in addition to those of a tool (`toolEnvironment`).
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
   * File that takes the output.
   *
   * @default - the output goes where that of this process goes
   */
  readonly log?: string;
  /**
   * What the user can do about a failure.
   *
   * @default - none
   */
  readonly hint?: string;
}

/**
 * Runs a command to its end.
 *
 * @throws LocalStackError when it does not end well, with its log
 */
export async function run(
  { paths, say, signal }: Task,
  argv: readonly string[],
  options: RunOptions,
): Promise<void> {
  const { failure, timeout, cwd, log, hint } = options;
  const [command = "", ...args] = argv;
  if (log !== undefined) mkdirSync(dirname(log), { recursive: true });
  const output = log === undefined ? "inherit" : openSync(log, "a");
  const ticking = setInterval(
    () => log !== undefined && say(`… ${lastLine(readIfPossible(log) ?? "") ?? ""}`),
    SAY_SECONDS * 1000,
  );
  try {
    const env = { ...toolEnvironment(process.env), ...mark(paths), ...options.env };
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout * 1000)]);
    const child = spawn(command, args, { cwd, env, signal: limit, stdio: ["ignore", output, output] });
    const reason = await new Promise<string | undefined>((resolve) => {
      let broken: string | undefined;
      child.on("error", (error) => {
        broken = limit.aborted ? `not done after ${timeout} s` : error.message;
      });
      child.on("close", (code) => resolve(code === 0 ? undefined : (broken ?? `exit ${code}`)));
    });
    signal.throwIfAborted();
    if (reason === undefined) return;
    const sentence = `${failure} (${reason})`;
    if (log !== undefined) throw errorFromLog(sentence, log, hint);
    throw new LocalStackError(sentence, ...(hint === undefined ? [] : [hint]));
  } finally {
    clearInterval(ticking);
    if (output !== "inherit") closeSync(output);
  }
}
