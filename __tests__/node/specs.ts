import { development } from "../../environments/development";
import { local } from "../../environments/local";
import { production } from "../../environments/production";
import { defineCluster } from "../../lib/config/define";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import type { NodeFile, NodePlan } from "../../lib/node/node-plan";
import { planNodes } from "../../lib/node/plan";

const LONGEST_NAME = "a-cluster-named-as-long-as-it-may";
const network = { adminSubnets: ["10.0.0.0/8"] };
const manyResources = Object.fromEntries(
  Array.from({ length: 12 }, (_, index) => [`LICENSE_OF_PROGRAM_${index}`, index + 1]),
);

/** The tutorial's Dask on GPUs: no UCX, a CUDA toolkit from NVIDIA's repository, many resources, the longest names. */
export const largest2024 = defineCluster({
  name: LONGEST_NAME.slice(0, 32),
  release: "2024.7",
  network,
  pools: [{ name: "gpus-for-the-tutors", kind: "gpu", resources: manyResources }],
});

/** Everything that release 2026.7 can put on a node: UCX on workers and scheduler, RMM, several disks. */
export const largest2026 = defineCluster({
  name: LONGEST_NAME.slice(0, 32),
  tls: false,
  network,
  scheduler: { instanceType: "g6.xlarge" },
  pools: [
    {
      name: "gpus-for-the-tutors",
      kind: "gpu",
      instanceTypes: ["g6.48xlarge"],
      resources: manyResources,
      rmmPool: "12GiB",
      ucx: true,
    },
  ],
});

/**
 * Pools that differ in the settings of their nodes: processes, threads, limits, resources. EC2 chooses the address of the
 * scheduler.
 */
export const variety = defineCluster({
  name: "variety",
  network: { ...network, vpcId: "vpc-0123456789abcdef0", privateSubnetIds: ["subnet-0123456789abcdef0"] },
  pools: [
    {
      name: "many-processes",
      kind: "cpu",
      processes: 4,
      threads: 2,
      memoryLimit: "8GiB",
      resources: { MEMORY: 32 },
      diskGiB: 400,
    },
    { name: "gpu", kind: "gpu", threads: 2, rmmPool: false, spill: { storage: "ebs", limit: "30GiB" } },
  ],
});

/** Plan of the scheduler. */
export const schedulerNode = (cluster: ResolvedCluster): NodePlan => planNodes(cluster).scheduler;

/** Plan of a pool's nodes, by the name of the pool. */
export function worker(cluster: ResolvedCluster, poolName: string): NodePlan {
  const found = planNodes(cluster).pools.find(({ pool }) => pool.name === poolName);
  if (found === undefined) throw new Error(`no pool ${poolName}`);
  return found.node;
}

/** Plans of all nodes, that of the scheduler first. */
export function nodesOf(cluster: ResolvedCluster): readonly NodePlan[] {
  const { scheduler, pools } = planNodes(cluster);
  return [scheduler, ...pools.map(({ node }) => node)];
}

/** Every node of the example environments and of the clusters above, with its title. */
export const everySpec: readonly (readonly [string, NodePlan])[] = [
  development,
  production,
  local,
  variety,
  largest2024,
  largest2026,
].flatMap((cluster) => nodesOf(cluster).map((spec) => [spec.title, spec] as const));

/** Content of a file on a node. */
export function fileOf(spec: NodePlan, path: string): string {
  const file = spec.files.find((candidate) => candidate.path === path);
  if (file === undefined)
    throw new Error(`${spec.title} has no ${path}, only\n${spec.files.map((f) => f.path).join("\n")}`);
  return file.content;
}

/** Settings that scripts read, sorted, without those that the scripts or Bash set. */
export function settingsRead(files: readonly NodeFile[]): string[] {
  const code = files
    .filter(({ path }) => path.startsWith("/usr/local/lib/dask-node/"))
    .map(({ content }) => content)
    .join("");
  const assigned = new Set(
    [...code.matchAll(/(?:^|[\s(])([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name as string),
  );
  const read = new Set(
    [...code.matchAll(/\$(?:\{|\(\()?([A-Z][A-Z0-9_]+)/g)].map(([, name]) => name as string),
  );
  // Variables of Bash, facts of the node, and paths that only tests change.
  const known = /^(BASH_SOURCE|SECONDS|DASK_HOST|DASK_(BUNDLE_ENV|NODE_(ENV|STATE|LOG))|ACCOUNT|PASSING)$/;
  return [...read].filter((name) => !assigned.has(name) && !known.test(name)).sort();
}

/** Settings that the Python of a node reads; in order of the alphabet. */
export function settingsOfPython(files: readonly NodeFile[]): string[] {
  const code = files.filter(({ path }) => path.endsWith(".py")).map(({ content }) => content);
  return [
    ...new Set(
      [...code.join("").matchAll(/settings(?:\(\))?\["([A-Z_]+)"\]/g)].map(([, name]) => name as string),
    ),
  ].sort();
}

/** Content of a script of the steps. */
export const scriptOf = (spec: NodePlan, name: string) => fileOf(spec, `/usr/local/lib/dask-node/${name}`);

/** Content of a unit. */
export const unitOf = (spec: NodePlan, name: string) => fileOf(spec, `/etc/systemd/system/${name}.service`);
