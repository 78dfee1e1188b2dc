import { join } from "node:path";
import { LocalStackError } from "../error";
import type { LocalPaths } from "../paths";
import type { Program } from "./programs";
import { run, type Task } from "./task";

/** Name of the socket of the supervisor's XML-RPC interface, in the directory of the cluster. */
export const SOCKET_NAME = "supervisor.sock";

/** Seconds for the supervisor to open its socket and go to the background. */
const START_TIMEOUT = 30;

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
 * Starts supervisord in the background with the configuration in `supervisorConfig`. It must run in the directory of the
 * cluster, where its socket is.
 *
 * @param env variables that the programs inherit
 */
export function startSupervisor(task: Task, env: Readonly<Record<string, string>>): Promise<void> {
  const { paths } = task;
  return run(task, [join(paths.tools, "bin", "supervisord"), "-c", paths.supervisorConfig], {
    failure: "the supervisor does not start",
    timeout: START_TIMEOUT,
    cwd: paths.root,
    env,
    log: join(paths.logs, "supervisord.out"),
  });
}

/**
 * The configuration of supervisord for these programs. Only this user can connect to its socket.
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
    ["unix_http_server", { file: socketPath(paths), chmod: "0700" }],
    [
      "rpcinterface:supervisor",
      { "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface" },
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
 * The path that supervisord binds its socket to. It makes paths absolute and appends its PID for a moment, and the kernel
 * takes at most 107 bytes (unix(7)), on macOS 103. On Linux the path therefore starts with the working directory's short name.
 *
 * @throws LocalStackError on macOS when the path of the project is too long
 */
function socketPath({ root }: LocalPaths): string {
  if (process.platform === "linux") return `/proc/self/cwd/${SOCKET_NAME}`;
  const path = join(root, SOCKET_NAME);
  const excess = Buffer.byteLength(`${path}.99999`) - 103;
  if (excess > 0)
    throw new LocalStackError(
      `path '${root}' is ${excess} bytes too long for a socket; move the project to a shorter path`,
    );
  return path;
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
