import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";

/** Decides in which region resources are named, and what bounds the roles of the cluster. */
export interface AccountProps {
  /** Cluster whose region the names are of. */
  readonly cluster: ResolvedCluster;
  /**
   * ARN of the policy that bounds the permissions of each role of the cluster.
   *
   * @default - none
   */
  readonly permissionsBoundary?: string;
}

/** The AWS account that a cluster is deployed to, as far as policies have to name it. */
export class Account extends Construct {
  /** Number of the account. */
  readonly accountId: string;
  /** Partition of the region, such as `aws`. */
  readonly partition: string;
  /** Domain of the partition's services, such as `amazonaws.com`. */
  readonly dnsSuffix: string;
  /** ARN of the policy that bounds the permissions of each role; undefined without one. */
  readonly permissionsBoundary?: string;

  private readonly region: string;

  constructor(scope: Construct, id: string, { cluster, permissionsBoundary }: AccountProps) {
    super(scope, id);
    this.region = cluster.region;
    this.accountId = new DataAwsCallerIdentity(this, "identity").accountId;
    const partition = new DataAwsPartition(this, "partition");
    this.partition = partition.partition;
    this.dnsSuffix = partition.dnsSuffix;
    if (permissionsBoundary !== undefined) this.permissionsBoundary = permissionsBoundary;
  }

  /** Name of something of this account in the cluster's region, such as `arn("ec2", "instance/*")`. */
  arn(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.region}:${this.accountId}:${resource}`;
  }

  /** Name that a service of the cluster's region goes by when it calls another for someone (`kms:ViaService`). */
  servicePrincipal(service: string): string {
    return `${service}.${this.region}.${this.dnsSuffix}`;
  }
}
