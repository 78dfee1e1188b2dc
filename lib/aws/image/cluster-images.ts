import { Construct } from "constructs";
import type { Cluster, Pool } from "../../cluster/cluster";
import type { Image } from "../../cluster/definition";
import { type Bake, bake } from "../../node/bake";
import { schedulerNode, workerNode } from "../../node/machine";
import type { Account } from "../account/account";
import { machineName } from "../account/tags";
import type { ClusterKey } from "../encryption/cluster-key";
import type { ClusterNetwork } from "../network/cluster-network";
import { ClusterImage, imageDigest } from "./cluster-image";
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
  /** Their name in AWS. */
  readonly name: string;
  readonly bake: Bake;
  readonly base: Image;
  readonly diskGiB: number;
  readonly instanceTypes: readonly string[];
}

/**
 * Images of a cluster's nodes: one for each different content and base. Pools of a kind share theirs. The scheduler shares
 * that of CPU pools where both install the same packages; with TLS they do not, because only the scheduler has the
 * reverse proxy. A shared image is as large as the smallest disk. It is built on an instance type of the scheduler, or of
 * the pool whose name comes first in the alphabet.
 *
 * A pool with a `maxSize` of 0 gets no image: the build would start an instance of its type, and needs its quota. Its
 * launch template names the base image until the pool may have nodes.
 */
export class ClusterImages extends Construct {
  private readonly amiIds = new Map<string, string>();

  constructor(scope: Construct, id: string, { cluster, account, key, network }: ClusterImagesProps) {
    super(scope, id);
    const builder = new ImageBuilder(this, "builder", { cluster, account, network });
    for (const [first, ...others] of alike(everyMachine(cluster))) {
      const diskGiB = Math.min(first.diskGiB, ...others.map(({ diskGiB }) => diskGiB));
      const contents = { ...first, cluster, diskGiB };
      const digest = imageDigest(contents);
      const { amiId } = new ClusterImage(this, digest, { ...contents, digest, key, builder });
      for (const { name } of [first, ...others]) this.amiIds.set(name, amiId);
    }
  }

  /**
   * Returns the AMI of the scheduler or of a pool; undefined for a pool with a `maxSize` of 0.
   *
   * @throws Error for a pool of another cluster
   */
  amiIdOf(cluster: Cluster, pool?: Pool): string | undefined {
    if (pool?.maxSize === 0) return undefined;
    const name = machineName(cluster, pool);
    const amiId = this.amiIds.get(name);
    if (amiId === undefined)
      throw new Error(
        `images.amiIdOf: given ${name}; allowed: ${[...this.amiIds.keys()].join(", ")}; remedy: give the images of that cluster`,
      );
    return amiId;
  }
}

/** Everything that starts from an image, in an order that does not depend on the definition's. */
function everyMachine(cluster: Cluster): readonly Machines[] {
  const { image: base, diskGiB, instanceType } = cluster.scheduler;
  const pools = cluster.pools
    .filter(({ maxSize }) => maxSize > 0)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  return [
    {
      name: machineName(cluster),
      bake: bake(schedulerNode(cluster)),
      base,
      diskGiB,
      instanceTypes: [instanceType],
    },
    ...pools.map((pool) => ({
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
