import { relative, resolve } from "node:path";
import { renderCompose } from "../../compose/render";
import { type ComposePorts, DEFAULT_PORTS } from "../../compose/site";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { unknownDaskKeys } from "../../config/rules/settings";
import type { CommandContext } from "../../local/runtime/run-command";
import { CommandError } from "../error";
import { chosen, requestsOfApp } from "../requests";
import { writeProject } from "./write-project";

/** Options of the command `compose`. */
export interface ComposeOptions {
  /** @default - `compose/<cluster>` */
  readonly output?: string;
  /** @default "8786" */
  readonly schedulerPort?: string;
  /** @default "8787" */
  readonly dashboardPort?: string;
}

/**
 * Writes the files of a cluster for Docker Compose.
 *
 * @param name name of the cluster; without, the app has only one
 * @throws CommandError for an unknown cluster, a port that is none, and a folder with files of others
 * @throws ValidationError for a definition that Compose cannot have, and for lockfiles that are missing or outdated
 */
export async function compose(
  context: CommandContext,
  name: string | undefined,
  options: ComposeOptions,
): Promise<void> {
  const ports = portsOf(options);
  const requests = chosen(await requestsOfApp(context), name === undefined ? [] : [name]);
  const [request, ...others] = requests;
  if (request === undefined) return;
  if (others.length > 0)
    throw new CommandError(
      `cluster: got nothing, expected one of ${requests.map(({ cluster }) => cluster).join(", ")}. Hint: name one, such as npx cdktf-dask compose ${request.cluster}`,
    );
  const cluster = request.definition;
  const { files, leftOut } = renderCompose(cluster, ports);
  for (const warning of [...unknownDaskKeys(cluster), ...withoutEffect(cluster)])
    context.log(`warning: ${warning}`);
  for (const { name, reason } of leftOut) context.log(`${name} pool: left out: ${reason}`);
  const folder = resolve(options.output ?? `compose/${cluster.name}`);
  writeProject(folder, files);
  const shown = relative(process.cwd(), folder) || ".";
  process.stdout.write(
    `${cluster.name}: ${files.size} files in ${shown}\n` +
      `Next: cd ${shown} && docker compose up --build --detach --wait && docker compose run --rm smoke-test\n`,
  );
}

function portsOf({ schedulerPort, dashboardPort }: ComposeOptions): ComposePorts {
  const port = (option: string, text: string | undefined, fallback: number) => {
    if (text === undefined) return fallback;
    if (/^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535) return Number(text);
    throw new CommandError(`${option}: got "${text}", expected a port from 1 to 65535`);
  };
  const ports = {
    scheduler: port("--scheduler-port", schedulerPort, DEFAULT_PORTS.scheduler),
    dashboard: port("--dashboard-port", dashboardPort, DEFAULT_PORTS.dashboard),
  };
  if (ports.scheduler === ports.dashboard)
    throw new CommandError(
      `--dashboard-port: got ${ports.dashboard}, which is the port of the scheduler. Hint: change one of them`,
    );
  return ports;
}

/** Settings that only nodes on AWS have. */
function withoutEffect({ nodeSetup, scheduler, pools, ucx }: ResolvedCluster): readonly string[] {
  const scripts = [
    ...(nodeSetup ? ["nodeSetup"] : []),
    ...(scheduler.nodeSetup ? ["scheduler.nodeSetup"] : []),
    ...pools.flatMap((pool, index) => (pool.nodeSetup ? [`pools[${index}].nodeSetup`] : [])),
  ];
  return [
    ...scripts.map(
      (path) =>
        `${path}: scripts have no effect in containers. Hint: build an image with what they install, and name it by CPU_BASE`,
    ),
    ...(ucx ? ["ucx: containers use TCP, because they are on one computer"] : []),
  ];
}
