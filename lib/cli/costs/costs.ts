import { join } from "node:path";
import { type NodeCounts, nodeCosts, typesWithoutPrice } from "../../config/costs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { CommandContext } from "../../local/runtime/run-command";
import { LOCK_REQUESTS, type LockRequest } from "../../node/packages/lock-request";
import { CommandError } from "../error";
import { linesOf, synthesizeApp } from "../requests";
import { readStack, regionOfStack } from "../stacks";

/** What the table shows for a price that is not known. */
const UNKNOWN = "unknown";

const SIZES = ["min", "desired", "max"] as const satisfies readonly (keyof NodeCounts)[];

/**
 * Prints what the instances of a stack on AWS cost in an hour, by pool. A price that is not known is named, not estimated.
 *
 * @throws CommandError for an unknown stack, and for one without a cluster on AWS
 */
export async function costs(context: CommandContext, name: string): Promise<void> {
  const file = (scratch: string) => join(scratch, "requests");
  const cluster = await synthesizeApp(
    context,
    (scratch) => ({ [LOCK_REQUESTS]: file(scratch) }),
    (scratch) => {
      const { cluster } = readStack(scratch, name);
      return definitionOf(linesOf<LockRequest>(file(scratch)), cluster, regionOfStack(scratch, name));
    },
  );
  process.stdout.write(`${costTable(cluster).join("\n")}\n`);
}

/** Definition of a stack. Stacks in two regions may have clusters with one name. */
function definitionOf(
  requests: readonly LockRequest[],
  cluster: string,
  region: string | undefined,
): ResolvedCluster {
  const named = requests.filter((request) => request.cluster === cluster);
  const request = named.find((request) => request.region === region) ?? named[0];
  if (request === undefined)
    throw new CommandError(
      `cluster: got no definition of ${cluster} from the app. Hint: synthesize its stack in each run of the app`,
    );
  return request.definition;
}

/** Lines of the table, and a line for each price that is not known. */
export function costTable(cluster: ResolvedCluster): readonly string[] {
  const { name, region } = cluster;
  const nodes = nodeCosts(cluster);
  const times = (count: number, price: number | undefined) =>
    count === 0 ? 0 : count * (price ?? Number.NaN);
  const total = SIZES.map((size) =>
    nodes.reduce((sum, { nodes, usdPerHour }) => sum + times(nodes[size], usdPerHour), 0),
  );
  const rows = [
    ["NODES", "TYPE", "USD/h EACH", ...SIZES.map((size) => size.toUpperCase())],
    ...nodes.map(({ name, nodes, instanceType = UNKNOWN, usdPerHour }) => [
      name,
      instanceType,
      usd(usdPerHour ?? Number.NaN),
      ...SIZES.map((size) => `${usd(times(nodes[size], usdPerHour))} (${nodes[size]})`),
    ]),
    ["all", "", "", ...total.map(usd)],
  ];
  const widths = rows.reduce<number[]>(
    (widths, row) => row.map((cell, index) => Math.max(cell.length, widths[index] ?? 0)),
    [],
  );
  return [
    `${name} in ${region}: USD an hour, on demand, without disks, network and other services`,
    "",
    ...rows.map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    ),
    ...hints(typesWithoutPrice(cluster), region),
  ];
}

function hints(types: readonly string[], region: string): readonly string[] {
  if (types.length === 0) return [];
  return [
    "",
    ...types.map((type) => `price of ${type} in ${region}: not known`),
    `Hint: add prices: { "${types[0]}": USD } to the definition, or run 'npm run prices -- ${region}' in a checkout of cdktf-dask and pack it`,
  ];
}

function usd(amount: number): string {
  return Number.isNaN(amount) ? UNKNOWN : amount.toFixed(3);
}
