import { join } from "node:path";
import { LocalStackError } from "../error";
import type { LocalPaths } from "../paths";
import type { Program } from "./programs";
import { runCommand, type StepContext } from "./run-command";

/** Name of the socket of the supervisor's XML-RPC interface, in the directory of the cluster. */
export const SOCKET_NAME = "supervisor.sock";

/** Seconds for the supervisor to open its socket and go to the background. */
const START_TIMEOUT_SECONDS = 30;

/** Size at which a log file is rotated, and number of rotated files. */
const MAX_LOG_SIZE = "10MB";
const LOG_BACKUPS = 2;

/** Seconds after which a program counts as started; if it ends earlier, the supervisor waits before it starts it again. */
const START_SECONDS = 5;

/** Seconds between SIGTERM and SIGKILL, both for a program and all its children. A nanny kills its worker after 8 s (measured). */
const STOP_SECONDS = 12;

/** The supervisor has no setting for unlimited retries. */
const MAX_RETRIES = 1_000_000;

/**
 * Starts supervisord in the background with the configuration in `supervisorConfig`. It must run in the directory of the
 * cluster, where its socket is.
 *
 * @param env variables that the programs inherit
 */
export function startSupervisor(context: StepContext, env: Readonly<Record<string, string>>): Promise<void> {
  const { paths } = context;
  return runCommand(context, [join(paths.tools, "bin", "supervisord"), "-c", paths.supervisorConfig], {
    failure: "the supervisor does not start",
    timeout: START_TIMEOUT_SECONDS,
    cwd: paths.root,
    env,
    logFile: join(paths.logs, "supervisord.out"),
  });
}

/**
 * Returns the configuration of supervisord for these programs. Only this user can connect to its socket.
 *
 * @throws LocalStackError if the path of the project contains characters that this format cannot express
 */
export function supervisorConfig(programs: readonly Program[], paths: LocalPaths): string {
  if (/["\\;#%\n]/.test(paths.root))
    throw new LocalStackError(
      `path: got '${paths.root}', expected no " \\ ; # %. Hint: move the project to another path`,
    );
  const sections: [string, Record<string, string | number | boolean>][] = [
    [
      "supervisord",
      {
        pidfile: paths.supervisorPid,
        logfile: paths.supervisorLog,
        logfile_maxbytes: MAX_LOG_SIZE,
        logfile_backups: LOG_BACKUPS,
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
        command: program.argv.map(escapeWord).join(" "),
        environment: environment(program),
        directory: paths.scratch,
        priority: index,
        ...(program.autostart === false && { autostart: false }),
        autorestart: true,
        startsecs: program.startSeconds ?? START_SECONDS,
        startretries: MAX_RETRIES,
        stopasgroup: true,
        killasgroup: true,
        stopwaitsecs: STOP_SECONDS,
        redirect_stderr: true,
        stdout_logfile: programLog(program, paths),
        stdout_logfile_maxbytes: MAX_LOG_SIZE,
        stdout_logfile_backups: LOG_BACKUPS,
      },
    ]),
  ];
  return sections
    .map(([name, settings]) => [`[${name}]`, ...Object.entries(settings).map((entry) => entry.join("="))])
    .map((lines) => `${lines.join("\n")}\n`)
    .join("\n");
}

/** Path of the log with the output of a program. */
export function programLog({ name }: Pick<Program, "name">, paths: LocalPaths): string {
  return `${paths.logs}/${name}.log`;
}

/**
 * Returns the path for supervisord's socket. supervisord makes it absolute and temporarily appends its PID, but a path of a
 * socket has at most 107 bytes (unix(7)), on macOS 103. On Linux, `/proc/self/cwd` is a short path of the working directory.
 *
 * @throws LocalStackError on macOS when the path of the project is too long
 */
function socketPath({ root }: LocalPaths): string {
  if (process.platform === "linux") return `/proc/self/cwd/${SOCKET_NAME}`;
  const path = join(root, SOCKET_NAME);
  const excess = Buffer.byteLength(`${path}.99999`) - 103;
  if (excess > 0)
    throw new LocalStackError(
      `path: got '${root}', expected ${excess} bytes less, for a socket. Hint: move the project to a shorter path`,
    );
  return path;
}

/** Escapes a word for supervisord, which splits commands like a shell and starts comments at ` ;`. */
function escapeWord(word: string): string {
  return word.replaceAll(/[^\w./:=@,+-]/g, "\\$&");
}

/** Formats the environment as supervisord reads it: `KEY="value"`, separated by commas. */
function environment({ environment }: Program): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}="${value}"`)
    .join(",");
}
