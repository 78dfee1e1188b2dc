import { Construct } from "constructs";
import type { Image } from "../../config/definition";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { NodePlan } from "../../node/node-plan";
import type { ClusterPlan } from "../../node/plan";
import type { Account } from "../account/account";
import type { ArtifactBucket } from "../artifacts/artifact-bucket";
import type { EncryptionKey } from "../encryption/encryption-key";
import type { ClusterNetwork } from "../network/cluster-network";
import { amiContents, BakedImage } from "./baked-image";
import { parentImage } from "./base-image";
import { ImageBuilder } from "./image-builder";

/** Nodes of the AMIs, and where they are built. */
export interface BakedImagesProps {
  /** Cluster whose nodes start from the AMIs. */
  readonly cluster: ResolvedCluster;
  /** Plan of the nodes, which start from the images of the definition. */
  readonly plan: ClusterPlan;
  /** Account of the cluster. */
  readonly account: Account;
  /** Key of the cluster. */
  readonly key: EncryptionKey;
  /** Bucket of the archives with the contents. */
  readonly artifacts: ArtifactBucket;
  /** Network in which the AMIs are built. */
  readonly network: ClusterNetwork;
}

/**
 * Baked AMIs of a cluster: one for each combination of contents and base image, so pools of a kind share one unless their
 * architectures, images or `bake` scripts differ. Without TLS, the scheduler can share the AMI of CPU pools; with TLS it
 * cannot, because only the scheduler has the dashboard proxy. A shared AMI has the size of the smallest disk. It is built on
 * an instance type of the scheduler if the scheduler shares it, otherwise of the pool whose name is first in the alphabet.
 *
 * A pool with a `maxSize` of 0 gets no AMI, because the build would need quota for its instance type. Its launch
 * template has the base image.
 *
 * @example
 * const cluster = defineCluster({ name: "research", network: { adminSubnets: ["10.8.0.0/16"] }, bakedImages: true });
 * const { daskCluster: dask } = new AwsStack(app, "research", { cluster });
 * dask.images?.builder.role.addToPolicy({ Action: "s3:GetObject", Resource: "arn:aws:s3:::my-packages/*" });
 */
export class BakedImages extends Construct {
  /** The plan with nodes that start from the baked AMIs. */
  readonly plan: ClusterPlan;
  /** Instances that build the AMIs: their role, security group and subnet. */
  readonly builder: ImageBuilder;

  constructor(scope: Construct, id: string, { plan, ...props }: BakedImagesProps) {
    super(scope, id);
    const { cluster, key, artifacts } = props;
    this.builder = new ImageBuilder(this, "builder", props);
    const baked = new Map<NodePlan, Image>();
    for (const nodes of alike(nodesToBake(plan))) {
      const [node] = nodes;
      const contents = amiContents(cluster, node, Math.min(...nodes.map(({ diskGiB }) => diskGiB)));
      const { amiId } = new BakedImage(this, contents.digest, {
        cluster,
        node,
        contents,
        key,
        artifacts,
        builder: this.builder,
      });
      for (const one of nodes) baked.set(one, { amiId });
    }
    const onAmi = (node: NodePlan) => ({ ...node, image: baked.get(node) ?? node.image });
    this.plan = {
      ...plan,
      scheduler: onAmi(plan.scheduler),
      pools: plan.pools.map(({ pool, node }) => ({ pool, node: onAmi(node) })),
    };
  }
}

/** Returns the nodes that start from a baked AMI: the scheduler, and the pools sorted by name. */
function nodesToBake({ scheduler, pools }: ClusterPlan): readonly NodePlan[] {
  const workers = pools
    .filter(({ pool }) => pool.maxSize > 0)
    .sort(({ pool: one }, { pool: other }) => (one.name < other.name ? -1 : 1))
    .map(({ node }) => node);
  return [scheduler, ...workers];
}

/** Groups nodes that can share an AMI. */
function alike(nodes: readonly NodePlan[]): readonly (readonly [NodePlan, ...NodePlan[]])[] {
  const groups = new Map<string, [NodePlan, ...NodePlan[]]>();
  for (const node of nodes) {
    const key = `${node.imageContents.digest} on ${parentImage(node)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [node]);
    else group.push(node);
  }
  return [...groups.values()];
}
