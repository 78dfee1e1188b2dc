import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { CommandContext } from "../local/runtime/run-command";
import { LOCK_REQUESTS, type LockRequest } from "../node/packages/lock-request";
import { CommandError } from "./error";

/** Configuration of cdktf in the working directory. */
const CONFIGURATION = "cdktf.json";

/** Maximum bytes of the output of the app that are kept for an error. */
const MAX_OUTPUT = 100_000;

/**
 * Runs the app of `cdktf.json` and returns the request of each cluster, one for each name. The synthesized files go to a
 * temporary folder.
 *
 * @throws CommandError with the output of the app if it fails
 */
export function requestsOfApp(context: CommandContext): Promise<readonly LockRequest[]> {
  const file = (scratch: string) => join(scratch, "requests");
  const variables = (scratch: string) => ({ [LOCK_REQUESTS]: file(scratch) });
  return synthesizeApp(context, variables, (scratch) => distinct(linesOf<LockRequest>(file(scratch))));
}

/** Returns the values of a file to which the app appends lines of JSON. */
export function linesOf<Value>(file: string): readonly Value[] {
  const text = existsSync(file) ? readFileSync(file, "utf8").trimEnd() : "";
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as Value);
}

/** Folder of the synthesized files in the temporary folder of `synthesizeApp`. */
export const OUTDIR = "cdktf.out";

/**
 * Runs the app of `cdktf.json`, and reads what it wrote to a temporary folder.
 *
 * @param variables environment variables of the app, by the path of the folder
 * @param read returns the result, by the path of the folder
 * @throws CommandError with the output of the app if it fails
 */
export async function synthesizeApp<Result>(
  context: CommandContext,
  variables: (scratch: string) => Readonly<Record<string, string>>,
  read: (scratch: string) => Result | Promise<Result>,
): Promise<Result> {
  const { app, context: values = {} } = configuration();
  const scratch = mkdtempSync(join(tmpdir(), "cdktf-dask-"));
  try {
    context.log(`running the app: ${app}`);
    await runApp(context, app, {
      CDKTF_OUTDIR: join(scratch, OUTDIR),
      // As cdktf passes it.
      CDKTF_CONTEXT_JSON: JSON.stringify(values),
      ...variables(scratch),
    });
    return await read(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Returns the requests of the named clusters, or all without names.
 *
 * @throws CommandError for a name without cluster
 */
export function chosen(requests: readonly LockRequest[], names: readonly string[]): readonly LockRequest[] {
  const known = requests.map(({ cluster }) => cluster);
  if (known.length === 0)
    throw new CommandError(
      "the app has no Dask cluster. Hint: synthesize a DaskCluster, AwsStack or LocalStack of cdktf-dask in it",
    );
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new CommandError(
      `cluster: got "${unknown}", expected ${known.join(", ")}. Hint: the name is that of the cluster's definition`,
    );
  return requests.filter(({ cluster }) => names.length === 0 || names.includes(cluster));
}

function configuration(): { app: string; context?: Record<string, unknown> } {
  const hint = "run the command in the folder of your project";
  if (!existsSync(CONFIGURATION))
    throw new CommandError(`${resolve(CONFIGURATION)} is missing. Hint: ${hint}`);
  const text = readFileSync(CONFIGURATION, "utf8");
  try {
    const read = JSON.parse(text);
    if (typeof read.app === "string" && read.app !== "") return read;
  } catch {
    throw new CommandError(`${resolve(CONFIGURATION)} is not JSON. Hint: ${hint}`);
  }
  throw new CommandError(`${resolve(CONFIGURATION)} has no "app". Hint: ${hint}`);
}

/** Runs a shell command. Its output becomes the error if it fails. */
async function runApp(
  { signal }: CommandContext,
  app: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const child = spawn(app, {
    shell: true,
    signal,
    env: { ...process.env, ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
  const reason = await new Promise<string | undefined>((done) => {
    child.on("error", ({ message }) => done(message));
    child.on("close", (code) => done(code === 0 ? undefined : `exit ${code}`));
  });
  signal.throwIfAborted();
  if (reason !== undefined) throw new CommandError(output.trim() || `the app failed: ${app} (${reason})`);
}

/**
 * One request for each cluster: an app may have a local stack and a stack on AWS with the same cluster. Stacks of several
 * regions may have different definitions with the same packages; the first one counts.
 */
function distinct(requests: readonly LockRequest[]): readonly LockRequest[] {
  const found = new Map<string, LockRequest>();
  const packages = (request: LockRequest) => JSON.stringify({ ...request, definition: undefined });
  for (const request of requests) {
    const other = found.get(request.cluster);
    if (other !== undefined && packages(other) !== packages(request))
      throw new CommandError(
        `the app has two different clusters with the name ${request.cluster}. Hint: give each its own name`,
      );
    found.set(request.cluster, other ?? request);
  }
  return [...found.values()];
}
