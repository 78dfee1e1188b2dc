import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";

export interface ProcessOptions {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  /** File for the output, written while the process runs. */
  readonly log: string;
  /** Time after which the process and its children are killed. */
  readonly seconds: number;
}

export interface Finished {
  /** Exit status; null where a signal ended the process. */
  readonly status: number | null;
  readonly stdout: string;
  /** The last lines of both outputs. */
  readonly tail: string;
}

/** Lines of a failed command's output that go into its error. */
const TAIL_LINES = 40;

const running = new Set<number>();
process.once("exit", () => {
  for (const group of running) killGroup(group);
});

/** Runs a command to its end. Its children, such as Terraform's providers, end with it. */
export function run(command: readonly string[], options: ProcessOptions): Promise<Finished> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.folder,
      env: options.environment,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const group = child.pid;
    if (group !== undefined) running.add(group);
    const log = createWriteStream(options.log, { flags: "a" });
    log.write(`$ ${command.join(" ")}\n`);
    let stdout = "";
    let output = "";
    let late = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      output += text;
      log.write(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      log.write(text);
    });
    const timer = setTimeout(() => {
      late = true;
      if (group !== undefined) killGroup(group);
    }, options.seconds * 1000);
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      if (group !== undefined) running.delete(group);
      log.end(settle);
    };
    child.once("error", (error) => finish(() => reject(error)));
    child.once("close", (status) => {
      const tail = output.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
      finish(() =>
        late
          ? reject(
              new Error(`${command.join(" ")} was killed after ${options.seconds} s; last output:\n${tail}`),
            )
          : resolve({ status, stdout, tail }),
      );
    });
  });
}

/** Like `run`, but a status other than 0 is an error with the last output of the command. */
export async function runOrThrow(command: readonly string[], options: ProcessOptions): Promise<string> {
  const { status, stdout, tail } = await run(command, options);
  if (status !== 0) {
    throw new Error(
      `${command.join(" ")} in ${options.folder} ended with status ${status}; last output:\n${tail}`,
    );
  }
  return stdout;
}

function killGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // It has ended in the meantime.
  }
}
