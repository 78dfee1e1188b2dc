import type { Image } from "../definition";
import { faultIf, type Rule } from "./rule";

/**
 * Smallest disk of a machine with the Deep Learning AMI, in GiB. EC2 refuses a volume smaller than the AMI's snapshot,
 * which is 75 GiB ("expect size >= 75GB"); the packages of a node and the AMI's growth take the rest.
 */
const SMALLEST_DEEP_LEARNING_DISK = 100;

/** A machine's disk has room for its image. The size of an AMI that is named by id or parameter is not known. */
export const diskSizes: Rule = ({ scheduler, pools }) => [
  ...diskFaults("scheduler", scheduler),
  ...pools.flatMap((pool, index) => diskFaults(`pools[${index}]`, pool)),
];

function diskFaults(path: string, { diskGiB, image }: { readonly diskGiB: number; readonly image: Image }) {
  return faultIf(image === "deep-learning" && diskGiB < SMALLEST_DEEP_LEARNING_DISK, {
    path: `${path}.diskGiB`,
    value: diskGiB,
    allowed: `at least ${SMALLEST_DEEP_LEARNING_DISK} with the image deep-learning, whose snapshot is 75 GiB and grows`,
    remedy: "leave diskGiB out, or choose the image ubuntu, which installs the driver",
  });
}
