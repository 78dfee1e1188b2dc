import { Construct } from "constructs";
import type { Cluster, Pool } from "../../cluster/cluster";
import type { Image } from "../../cluster/definition";
import { type Bake, bake } from "../../node/bake";
import { schedulerNode, workerNode } from "../../node/machine";
import type { Account } from "../account/account";
import { machineName } from "../account/tags";
import type { ClusterKey } from "../encryption/cluster-key";
import type { ClusterNetwork } from "../network/cluster-network";
import { ClusterImage } from "./cluster-image";
import { ImageBuilder } from "./image-builder";
import { parentImage } from "./machine-image";

/** Properties of `ClusterImages`. */
export interface ClusterImagesProps {
  /** Cluster whose machines start from the images. */
  readonly cluster: Cluster;
  /** Account of the cluster. */
  readonly account: Account;
  /** Key of the cluster. */
  readonly key: ClusterKey;
  /** Network in which the images are built. */
  readonly network: ClusterNetwork;
}

/** Machines of one kind, with what decides which image they need. */
interface Machines {
  /** `scheduler`, or the name of the pool. */
  readonly id: string;
  /** Their name in AWS. */
  readonly name: string;
  readonly bake: Bake;
  readonly base: Image;
  readonly diskGiB: number;
  readonly instanceTypes: readonly string[];
}

/**
 * The images of a cluster's machines: one for each different content and base. So pools of a kind share theirs, and
 * the scheduler shares that of CPU pools where both install the same packages, which with TLS they do not: it alone has
 * a door. A shared image is as large as the smallest disk, and is built on an instance type of the first machines that
 * start from it.
 */
export class ClusterImages extends Construct {
  private readonly amiIds = new Map<string, string>();

  constructor(scope: Construct, id: string, { cluster, account, key, network }: ClusterImagesProps) {
    super(scope, id);
    const builder = new ImageBuilder(this, "builder", { cluster, account, key, network });
    for (const [first, ...others] of alike(everyMachine(cluster))) {
      const { amiId } = new ClusterImage(this, `of-${first.id}`, {
        ...first,
        cluster,
        key,
        builder,
        diskGiB: Math.min(first.diskGiB, ...others.map(({ diskGiB }) => diskGiB)),
      });
      for (const { name } of [first, ...others]) this.amiIds.set(name, amiId);
    }
  }

  /**
   * AMI of the scheduler, or of a pool.
   *
   * @throws Error for a pool of another cluster
   */
  amiIdOf(cluster: Cluster, pool?: Pool): string {
    const name = machineName(cluster, pool);
    const amiId = this.amiIds.get(name);
    if (amiId === undefined)
      throw new Error(
        `images.amiIdOf: given ${name}; allowed: ${[...this.amiIds.keys()].join(", ")}; remedy: give the images of that cluster`,
      );
    return amiId;
  }
}

function everyMachine(cluster: Cluster): readonly Machines[] {
  const { image: base, diskGiB, instanceType } = cluster.scheduler;
  return [
    {
      id: "scheduler",
      name: machineName(cluster),
      bake: bake(schedulerNode(cluster)),
      base,
      diskGiB,
      instanceTypes: [instanceType],
    },
    ...cluster.pools.map((pool) => ({
      id: pool.name,
      name: machineName(cluster, pool),
      bake: bake(workerNode(cluster, pool)),
      base: pool.image,
      diskGiB: pool.diskGiB,
      instanceTypes: pool.instanceTypes,
    })),
  ];
}

/** Machines in groups that can share an image. */
function alike(machines: readonly Machines[]): readonly (readonly [Machines, ...Machines[]])[] {
  const groups = new Map<string, [Machines, ...Machines[]]>();
  for (const one of machines) {
    const key = `${one.bake.key} on ${parentImage(one.base)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}
