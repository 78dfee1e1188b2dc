import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";

/** Region of the ARNs, and the permissions boundary of the roles. */
export interface AccountProps {
  /** Cluster whose region is in the ARNs. */
  readonly cluster: ResolvedCluster;
  /**
   * ARN of the permissions boundary of the cluster's roles.
   *
   * @default - none
   */
  readonly permissionsBoundary?: string;
}

/** AWS account and partition of a deployment, for ARNs and service principals in policies. */
export class Account extends Construct {
  /** Id of the account. */
  readonly accountId: string;
  /** Partition of the region, such as `aws`. */
  readonly partition: string;
  /** Domain of the partition's services, such as `amazonaws.com`. */
  readonly dnsSuffix: string;
  /** ARN of the permissions boundary of the roles; undefined without one. */
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

  /** Returns the ARN of a resource in the account and region of the cluster, such as `arn("ec2", "instance/*")`. */
  arn(service: string, resource: string): string {
    return `arn:${this.partition}:${service}:${this.region}:${this.accountId}:${resource}`;
  }

  /** Returns the ARN of a secret by its name or ARN. Secrets Manager adds a hyphen and six characters to a name. */
  secretArn(nameOrArn: string): string {
    return nameOrArn.startsWith("arn:")
      ? nameOrArn
      : this.arn("secretsmanager", `secret:${nameOrArn}-??????`);
  }

  /**
   * Returns the regional principal of a service, such as `s3.eu-central-1.amazonaws.com`, for example for
   * `kms:ViaService`.
   */
  servicePrincipal(service: string): string {
    return `${service}.${this.region}.${this.dnsSuffix}`;
  }
}
