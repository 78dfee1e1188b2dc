import { formatBytes, MIN_BYTES } from "../amounts";
import { GIB, MIB, parseBytes } from "../bytes";
import type { Image } from "../definition";
import { factsOf } from "../instance-types";
import { maxProcesses, processesOn } from "../processes";
import type { Pool } from "../resolved-cluster";
import { eachPool, issueIf, type Rule } from "./rule";

/**
 * Processes per node that are allowed with fewer vCPUs, because processes that wait for networks and disks use few of
 * them.
 */
const MAX_BEYOND_VCPUS = 64;

/** A node of a pool with one of its instance types. Memory in bytes. */
interface Node {
  readonly type: string;
  readonly vcpus: number;
  readonly memory: number;
  readonly processes: number;
}

/** A node with more than `MAX_BEYOND_VCPUS` worker processes has a vCPU for each of them. */
export const processesOfNodes: Rule = eachPool((pool, path) => {
  if (pool.kind === "gpu") return [];
  const [smallest] = nodesOf(pool).sort((a, b) => a.vcpus - b.vcpus);
  if (smallest === undefined) return [];
  const most = Math.max(smallest.vcpus, MAX_BEYOND_VCPUS);
  return issueIf(pool.processes > most, {
    path: `${path}.processes`,
    value: pool.processes,
    expected: `at most ${most} with ${smallest.type}, which has ${smallest.vcpus} vCPUs`,
    hint: "lower processes, or name instance types with more vCPUs",
  });
});

/** The memory limits of a node's workers add up to at most its memory, and each is at least `MIN_BYTES`. */
export const memoryLimits: Rule = eachPool((pool, path) => {
  // Limits that fit on the node with the least memory per process fit on all nodes.
  const [tightest] = nodesOf(pool).sort((a, b) => a.memory / a.processes - b.memory / b.processes);
  return tightest === undefined ? [] : [...tooMuch(pool, path, tightest), ...tooLittle(pool, path, tightest)];
});

function tooMuch(pool: Pool, path: string, { type, memory, processes }: Node) {
  const at = { path: `${path}.memoryLimit`, value: pool.memoryLimit };
  const each = processes === 1 ? "" : ` for each of ${processes} processes`;
  if (typeof pool.memoryLimit === "number")
    return issueIf(pool.memoryLimit * processes > 1 + Number.EPSILON * processes, {
      ...at,
      expected: `at most 1/${processes} on ${type}: the shares of its ${processes} processes add up to at most the whole memory`,
      hint: "lower the share, or remove memoryLimit: each process then gets an equal share",
    });
  const limit = pool.memoryLimit === false ? 0 : (parseBytes(pool.memoryLimit) ?? 0);
  return issueIf(limit * processes > memory, {
    ...at,
    expected: `at most ${formatBytes(memory / processes)}${each} on ${type}, which has ${formatBytes(memory)}`,
    hint: "lower memoryLimit, name instance types with more memory, or remove memoryLimit",
  });
}

/** Checks shares, and `auto`, which depend on the node. `schema/amounts.ts` checks sizes. */
function tooLittle(pool: Pool, path: string, { type, memory, processes }: Node) {
  const least = formatBytes(MIN_BYTES);
  const has = `${type}, which has ${formatBytes(memory)}: a worker needs ${least}`;
  return [
    ...issueIf(typeof pool.memoryLimit === "number" && pool.memoryLimit * memory < MIN_BYTES, {
      path: `${path}.memoryLimit`,
      value: pool.memoryLimit,
      expected: `at least ${Math.ceil((100 * MIN_BYTES) / memory)}% on ${has}`,
      hint: "raise the share, or remove memoryLimit",
    }),
    ...issueIf(pool.memoryLimit === "auto" && memory / processes < MIN_BYTES, {
      path: `${path}.processes`,
      value: processes,
      expected: `at most ${Math.floor(memory / MIN_BYTES)} on ${has}`,
      hint: "lower processes, or name instance types with more memory",
    }),
  ];
}

/** Returns a node for each known instance type of a pool. */
function nodesOf(pool: Pool): Node[] {
  return pool.instanceTypes.flatMap((type) => {
    const facts = factsOf(pool, type);
    if (facts === undefined) return [];
    const { vcpus, memoryMiB } = facts;
    return [{ type, vcpus, memory: memoryMiB * MIB, processes: processesOn(pool, type) }];
  });
}

/**
 * Minimum disk of a node with the Deep Learning AMI, in GiB. EC2 rejects volumes that are smaller than the snapshot of the
 * AMI, which is 75 GiB ("expect size >= 75GB"); the rest is for packages and larger versions of the AMI.
 */
const MIN_DEEP_LEARNING_DISK_GIB = 100;

/** The disk of a node is large enough for its image. The size of an AMI by id or parameter is not known. */
export const diskSizes: Rule = ({ scheduler, pools }) => [
  ...diskIssues("scheduler", scheduler),
  ...pools.flatMap((pool, index) => diskIssues(`pools[${index}]`, pool)),
];

function diskIssues(path: string, { diskGiB, image }: { readonly diskGiB: number; readonly image: Image }) {
  return issueIf(image === "deep-learning" && diskGiB < MIN_DEEP_LEARNING_DISK_GIB, {
    path: `${path}.diskGiB`,
    value: diskGiB,
    expected: `at least ${MIN_DEEP_LEARNING_DISK_GIB} with the image deep-learning, whose snapshot is 75 GiB and grows`,
    hint: "remove diskGiB, or choose the image ubuntu, on which the node installs the driver",
  });
}

/** Disk that workers may not spill to, in GiB: system, Python environment and logs. Half of the smallest disk. */
const SYSTEM_DISK_GIB = 10;

/** The spill limits of all processes of a node fit on its EBS disk, and the default limit is at least `MIN_BYTES`. */
export const spillLimits: Rule = eachPool((pool, path) => {
  if (pool.spill.storage !== "ebs" || pool.spill.limit === false) return [];
  const processes = maxProcesses(pool);
  const limit = parseBytes(pool.spill.limit) ?? 0;
  const room = (pool.diskGiB - SYSTEM_DISK_GIB) * GIB;
  const each = processes === 1 ? "" : ` for each of ${processes} processes`;
  // Only a default limit, which is derived from the disk, can be below the minimum.
  const least = Math.ceil((2 * processes * MIN_BYTES) / GIB);
  return [
    ...issueIf(limit * processes > room, {
      path: `${path}.spill.limit`,
      value: pool.spill.limit,
      expected: `at most ${formatBytes(room / processes)}${each} on a disk of ${pool.diskGiB} GiB, of which the system needs ${SYSTEM_DISK_GIB}`,
      hint: "lower spill.limit, or raise diskGiB",
    }),
    ...issueIf(limit < MIN_BYTES, {
      path: `${path}.diskGiB`,
      value: pool.diskGiB,
      expected: `at least ${least} for ${processes} processes, which share half of the disk: each needs ${formatBytes(MIN_BYTES)} to spill`,
      hint: "raise diskGiB, or lower processes",
    }),
  ];
});
