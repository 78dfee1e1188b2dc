import { existsSync, readFileSync } from "node:fs";
import { LocalStackError } from "../error";
import type { LocalPaths } from "../paths";
import { errorFromLog } from "./error-from-log";
import type { Program } from "./programs";

/** Size of a log file before it is rotated, and rotated files that are kept. */
const LOG_SIZE = "10MB";
const LOGS_KEPT = 2;

/** Seconds that a program must run for its start to count; one that ends sooner shows up as failed. */
const START_SECONDS = 5;

/** Seconds between asking a program to end and ending it with all its children. */
const STOP_SECONDS = 5;

/** The supervisor counts attempts, and has no word for "for ever". */
const FOR_EVER = 1_000_000;

/**
 * The configuration of supervisord for these programs. Nothing can connect to it: it is ended by a signal, and its
 * log says what it did.
 *
 * @throws LocalStackError when the project's path holds what this format cannot express
 */
export function supervisorConfig(programs: readonly Program[], paths: LocalPaths): string {
  if (/["\\;#%\n]/.test(paths.root))
    throw new LocalStackError(
      `path '${paths.root}' holds one of " \\ ; # %; move the project to a path without them`,
    );
  const sections: [string, Record<string, string | number | boolean>][] = [
    [
      "supervisord",
      {
        pidfile: paths.supervisorPid,
        logfile: paths.supervisorLog,
        logfile_maxbytes: LOG_SIZE,
        logfile_backups: LOGS_KEPT,
      },
    ],
    ...programs.map((program, index): [string, Record<string, string | number | boolean>] => [
      `program:${program.name}`,
      {
        command: program.argv.map(quoted).join(" "),
        environment: environment(program),
        directory: paths.scratch,
        priority: index,
        autorestart: true,
        startsecs: START_SECONDS,
        startretries: FOR_EVER,
        stopasgroup: true,
        killasgroup: true,
        stopwaitsecs: STOP_SECONDS,
        redirect_stderr: true,
        stdout_logfile: programLog(program, paths),
        stdout_logfile_maxbytes: LOG_SIZE,
        stdout_logfile_backups: LOGS_KEPT,
      },
    ]),
  ];
  return sections
    .map(([name, settings]) => [`[${name}]`, ...Object.entries(settings).map((entry) => entry.join("="))])
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

/** Where a program's output goes. */
export function programLog({ name }: Pick<Program, "name">, paths: LocalPaths): string {
  return `${paths.logs}/${name}.log`;
}

/**
 * Makes sure that every program has run without a break since the supervisor was started.
 *
 * @throws LocalStackError with the log of the first program that ended
 */
export function refuseFailedPrograms(paths: LocalPaths): void {
  const log = existsSync(paths.supervisorLog) ? readFileSync(paths.supervisorLog, "utf8") : "";
  const [, name, how] = /exited: (\S+) \((.*?)[;)]/.exec(log) ?? [];
  if (name !== undefined) throw errorFromLog(`${name} ended (${how})`, programLog({ name }, paths));
  const refusal = /spawnerr: (.*)/.exec(log)?.[1];
  if (refusal !== undefined) throw new LocalStackError(`a program could not be started: ${refusal}`);
}

/** A word as supervisord splits command lines: the shell's rules, and a comment begins at a space and a `;`. */
function quoted(word: string): string {
  return word.replaceAll(/[^\w./:=@,+-]/g, "\\$&");
}

/** `KEY="value"`, as supervisord reads environments. */
function environment({ environment }: Program): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",");
}
