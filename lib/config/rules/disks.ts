import { formatBytes, MIN_BYTES } from "../amounts";
import { GIB, parseBytes } from "../bytes";
import type { Image } from "../definition";
import { mostProcesses } from "../processes";
import { eachPool, issueIf, type Rule } from "./rule";

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
  const processes = mostProcesses(pool);
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
