import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { errorFromLog } from "./error-from-log";
import { firstError } from "./first-error";
import type { StepContext } from "./run-command";
import { programLog, SOCKET_NAME } from "./supervisor";
import { toolEnvironment } from "./tool-environment.cjs";

/** Milliseconds for Python to start and for the supervisor to answer. */
const TIMEOUT = 60_000;

/** Calls the supervisor with its own client of its XML-RPC interface, and prints the answer. */
const CALL = `
import json, sys
from xmlrpc.client import ServerProxy
from supervisor.xmlrpc import SupervisorTransport
transport = SupervisorTransport(serverurl="unix://${SOCKET_NAME}")
supervisor = ServerProxy("http://localhost", transport).supervisor
print(json.dumps(getattr(supervisor, sys.argv[1])(*sys.argv[2:])))
`;

/** The fields of `getAllProcessInfo` that decide whether a program has failed (supervisor docs, "XML-RPC API"). */
const STATES = z.array(
  z.object({
    name: z.string(),
    /** Why the program did not start or stay up; empty while it is up. */
    spawnerr: z.string(),
    /** Time at which the program last ended, in seconds since the epoch; 0 if it never did. */
    stop: z.number(),
  }),
);

/** What the supervisor reports about a program. */
export type ProgramState = z.infer<typeof STATES>[number];

/**
 * Checks that every program has run without interruption since the supervisor started.
 *
 * @throws LocalStackError with the log of the first program that ended or did not start, or if the supervisor does not
 * answer
 */
export async function checkPrograms(context: StepContext): Promise<void> {
  const { paths } = context;
  for (const state of await programStates(context)) {
    const failure = failureOf(state);
    if (failure === undefined) continue;
    const hint = `Hint: exit status or signal: ${paths.supervisorLog}`;
    throw errorFromLog(`${state.name} failed (${failure})`, programLog(state, paths), hint);
  }
}

/**
 * Starts a program that does not start with the supervisor, and waits until it counts as started.
 *
 * @throws LocalStackError with the log of the program if it ends before
 */
export async function startProgram(context: StepContext, name: string): Promise<void> {
  try {
    await callSupervisor(context, "startProcess", name);
  } catch {
    context.signal.throwIfAborted();
    throw errorFromLog(`${name} does not start`, programLog({ name }, context.paths));
  }
}

async function programStates(context: StepContext): Promise<readonly ProgramState[]> {
  try {
    return STATES.parse(await callSupervisor(context, "getAllProcessInfo"));
  } catch (error) {
    context.signal.throwIfAborted();
    const { stderr, message } = error as Error & { readonly stderr?: string };
    const reason = firstError(stderr ?? "") ?? message;
    throw errorFromLog(`the supervisor does not answer (${reason})`, context.paths.supervisorLog);
  }
}

async function callSupervisor({ paths, signal }: StepContext, ...words: readonly string[]): Promise<unknown> {
  const python = join(paths.tools, "bin", "python");
  // In the directory of the socket, because a path of a socket has at most 107 bytes (unix(7)).
  const options = { cwd: paths.root, env: toolEnvironment(process.env), timeout: TIMEOUT, signal };
  const { stdout } = await promisify(execFile)(python, ["-I", "-c", CALL, ...words], options);
  return JSON.parse(stdout);
}

/** Why a program has failed, in the words of the supervisor; `undefined` if it has not. */
export function failureOf({ spawnerr, stop }: Omit<ProgramState, "name">): string | undefined {
  if (spawnerr !== "") return spawnerr.replace(" (process log may have details)", "");
  return stop > 0 ? "ended and was restarted" : undefined;
}
