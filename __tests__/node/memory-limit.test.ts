import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { defineCluster } from "../../lib/config/define";
import type { PoolDefinition } from "../../lib/config/definition";
import type { Pool } from "../../lib/config/resolved-cluster";
import { nodeContext } from "../../lib/node/node-context";
import { workerService } from "../../lib/node/services";
import { checkers, INSTALL_TIMEOUT } from "../support/python-environment";

const GIB = 1024 ** 3;

/** What Dask makes of a `--memory-limit` on a node of these threads, vCPUs and bytes. */
const PARSE = `
import logging, sys
from distributed import system
from distributed.worker_memory import parse_memory_limit
limit, threads, cpus, system.MEMORY_LIMIT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
print(parse_memory_limit(limit, threads, cpus, logger=logging.getLogger()))
`;

let tools: string;
beforeAll(async () => {
  tools = await checkers();
}, INSTALL_TIMEOUT);

function limitOf(
  definition: Partial<PoolDefinition>,
  node: { cpus: number; memory: number; threads: number },
) {
  const cluster = defineCluster({
    name: "c",
    network: { adminSubnets: ["10.0.0.0/8"] },
    pools: [{ name: "p", kind: "cpu", ...definition } as PoolDefinition],
  });
  const { argv } = workerService(cluster, cluster.pools[0] as Pool, nodeContext(cluster));
  const limit = argv[argv.indexOf("--memory-limit") + 1] ?? "";
  const words = [limit, node.threads, node.cpus, node.memory].map(String);
  const { stdout, stderr } = spawnSync(join(tools, "python"), ["-c", PARSE, ...words], { encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.trim() === "None" ? undefined : Number(stdout);
}

describe("of a node with 8 vCPUs and 32 GiB", () => {
  const node = { cpus: 8, memory: 32 * GIB };

  test.each([
    [1, undefined, 32],
    [1, 1, 32],
    [1, 16, 32],
    [2, 2, 16],
    [4, 8, 8],
    [4, undefined, 8],
    [16, undefined, 2],
  ])("each of %p processes of %p threads has %d GiB by default", (processes, threads, gib) => {
    const threadsOfEach = threads ?? Math.max(1, Math.floor(node.cpus / processes));
    const rest = { processes, ...(threads === undefined ? {} : { threads }) };
    expect(limitOf(rest, { ...node, threads: threadsOfEach })).toBe(gib * GIB);
  });

  test.each([3, 5, 7, 11, 49])("the limits of %p processes add up to all memory", (processes) => {
    const limit = limitOf({ processes, threads: 1 }, { ...node, threads: 1 }) ?? 0;
    expect(limit * processes).toBeLessThanOrEqual(node.memory);
    expect(limit * processes).toBeGreaterThan(node.memory - 1000 * processes);
  });

  test.each<[string | number | false, number | undefined]>([
    ["25%", 8 * GIB],
    [0.25, 8 * GIB],
    ["6GiB", 6 * GIB],
    [0, undefined],
    ["0", undefined],
    [false, undefined],
  ])("a limit of %p is %p bytes", (memoryLimit, bytes) => {
    expect(limitOf({ processes: 2, threads: 1, memoryLimit }, { ...node, threads: 1 })).toBe(bytes);
  });
});

test("each GPU's process has an equal share, however many threads it has", () => {
  // dask_cuda.cuda_worker gives one thread, and the number of GPUs as that of the cores.
  const node = { cpus: 4, threads: 1, memory: 192 * GIB };
  const gpus = { kind: "gpu", instanceTypes: ["g6.12xlarge"], threads: 6 } as const;
  expect(limitOf(gpus, node)).toBe(48 * GIB);
  expect(limitOf({ ...gpus, memoryLimit: "20%" }, node)).toBe(Math.floor(0.2 * 192 * GIB));
});
