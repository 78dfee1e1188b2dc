import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { Account } from "../account/account";
import type { ArtifactBucket } from "../artifacts/artifact-bucket";
import type { EncryptionKey } from "../encryption/encryption-key";
import { InstanceRole } from "./instance-role";
import { readBundles } from "./read-bundles";

/** Cluster and account of the role, and what it may read. */
export interface BuilderRoleProps {
  /** Cluster whose AMIs are built. */
  readonly cluster: ResolvedCluster;
  /** Account of the cluster. */
  readonly account: Account;
  /** Key that encrypts the archives with the contents of the AMIs. */
  readonly key: EncryptionKey;
  /** Bucket of these archives. */
  readonly artifacts: ArtifactBucket;
}

/**
 * Policies that Image Builder requires of the instances it builds on (EC2 Image Builder User Guide, "Prerequisites"): the
 * SSM agent, components and their key, the task runner in S3, build logs. A smaller set is not known to work; builds
 * without AmazonSSMManagedInstanceCore ended in `TimedOut` (CloudSnorkel/cdk-github-runners #363). Both grant more than a
 * build needs, on every resource of the account; a builder runs for minutes, without ingress rules. The only code of
 * users that it runs is the `bake` scripts of the definition.
 */
const MANAGED_POLICIES = ["EC2InstanceProfileForImageBuilder", "AmazonSSMManagedInstanceCore"];

/**
 * Role of the instances that build AMIs.
 *
 * @example
 * const cluster = defineCluster({ name: "research", network: { adminSubnets: ["10.8.0.0/16"] }, bakedImages: true });
 * const { daskCluster: dask } = new AwsStack(app, "research", { cluster });
 * dask.images?.builder.role.addManagedPolicy("arn:aws:iam::123456789012:policy/read-my-packages");
 */
export class BuilderRole extends InstanceRole {
  constructor(scope: Construct, id: string, props: BuilderRoleProps) {
    const { cluster, account } = props;
    super(scope, id, {
      cluster,
      account,
      kind: "builder",
      description: `instances that build AMIs of the Dask cluster ${cluster.name}`,
    });
    this.allow("read-bundles", ...readBundles(props, `${props.artifacts.arn}/bundles/*`));
    // `addManagedPolicy` would change their Terraform addresses.
    for (const name of MANAGED_POLICIES)
      this.grant(
        new IamRolePolicyAttachment(this, name, {
          role: this.roleName,
          policyArn: `arn:${account.partition}:iam::aws:policy/${name}`,
        }),
      );
  }
}
