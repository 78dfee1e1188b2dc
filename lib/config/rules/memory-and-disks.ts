import { formatBytes, MIN_BYTES } from "../amounts";
import { GIB, MIB, parseBytes } from "../bytes";
import type { Image } from "../definition";
import { factsOf } from "../instance-types";
import { maxProcesses, processesOn } from "../processes";
import type { Pool } from "../resolved-cluster";
import { eachPool, issueIf, type Rule } from "./rule";

/** Most processes of a node that may be more than its vCPUs: work that waits for networks and disks keeps few vCPUs busy. */
const MAX_BEYOND_VCPUS = 64;

/** A node of a pool, on one of its instance types. */
interface Node {
  readonly type: string;
  readonly vcpus: number;
  readonly memory: number;
  readonly processes: number;
}

/** A node has a vCPU for each worker process, if it has many of them. */
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

/** The memory limits of a node's workers add up to at most its memory, and each is enough for a worker. */
export const memoryLimits: Rule = eachPool((pool, path) => {
  // The node with the least memory for each process is the first that they do not fit on.
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
      hint: "lower the share, or leave memoryLimit out: each process then gets an equal share",
    });
  const limit = pool.memoryLimit === false ? 0 : (parseBytes(pool.memoryLimit) ?? 0);
  return issueIf(limit * processes > memory, {
    ...at,
    expected: `at most ${formatBytes(memory / processes)}${each} on ${type}, which has ${formatBytes(memory)}`,
    hint: "lower memoryLimit, name instance types with more memory, or leave memoryLimit out",
  });
}

/** Sizes are checked one by one (`schema/amounts.ts`); these are limits that depend on the node. */
function tooLittle(pool: Pool, path: string, { type, memory, processes }: Node) {
  const least = formatBytes(MIN_BYTES);
  const has = `${type}, which has ${formatBytes(memory)}: a worker needs ${least}`;
  return [
    ...issueIf(typeof pool.memoryLimit === "number" && pool.memoryLimit * memory < MIN_BYTES, {
      path: `${path}.memoryLimit`,
      value: pool.memoryLimit,
      expected: `at least ${Math.ceil((100 * MIN_BYTES) / memory)}% on ${has}`,
      hint: "raise the share, or leave memoryLimit out",
    }),
    ...issueIf(pool.memoryLimit === "auto" && memory / processes < MIN_BYTES, {
      path: `${path}.processes`,
      value: processes,
      expected: `at most ${Math.floor(memory / MIN_BYTES)} on ${has}`,
      hint: "lower processes, or name instance types with more memory",
    }),
  ];
}

/** Nodes of the pool's known instance types. */
function nodesOf(pool: Pool): Node[] {
  return pool.instanceTypes.flatMap((type) => {
    const facts = factsOf(pool, type);
    if (facts === undefined) return [];
    const { vcpus, memoryMiB } = facts;
    return [{ type, vcpus, memory: memoryMiB * MIB, processes: processesOn(pool, type) }];
  });
}

/**
 * Smallest disk of a machine with the Deep Learning AMI, in GiB. EC2 refuses a volume smaller than the AMI's snapshot,
 * which is 75 GiB ("expect size >= 75GB"); the packages of a node and the AMI's growth take the rest.
 */
const SMALLEST_DEEP_LEARNING_DISK = 100;

/** A machine's disk has room for its image. The size of an AMI that is named by id or parameter is not known. */
export const diskSizes: Rule = ({ scheduler, pools }) => [
  ...diskIssues("scheduler", scheduler),
  ...pools.flatMap((pool, index) => diskIssues(`pools[${index}]`, pool)),
];

function diskIssues(path: string, { diskGiB, image }: { readonly diskGiB: number; readonly image: Image }) {
  return issueIf(image === "deep-learning" && diskGiB < SMALLEST_DEEP_LEARNING_DISK, {
    path: `${path}.diskGiB`,
    value: diskGiB,
    expected: `at least ${SMALLEST_DEEP_LEARNING_DISK} with the image deep-learning, whose snapshot is 75 GiB and grows`,
    hint: "leave diskGiB out, or choose the image ubuntu, which installs the driver",
  });
}

/** Disk that is not for spilling, in GiB: system, environment and logs. Half of the smallest disk, of which workers get the rest. */
const SYSTEM_DISK = 10;

/** What all processes of a node may spill to EBS fits on its disk, and the default limit is of use. */
export const spillLimits: Rule = eachPool((pool, path) => {
  if (pool.spill.storage !== "ebs" || pool.spill.limit === false) return [];
  const processes = maxProcesses(pool);
  const limit = parseBytes(pool.spill.limit) ?? 0;
  const room = (pool.diskGiB - SYSTEM_DISK) * GIB;
  const each = processes === 1 ? "" : ` for each of ${processes} processes`;
  // A limit that is given is never below the least: this one is derived from the disk.
  const least = Math.ceil((2 * processes * MIN_BYTES) / GIB);
  return [
    ...issueIf(limit * processes > room, {
      path: `${path}.spill.limit`,
      value: pool.spill.limit,
      expected: `at most ${formatBytes(room / processes)}${each} on a disk of ${pool.diskGiB} GiB, of which the system takes ${SYSTEM_DISK}`,
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
