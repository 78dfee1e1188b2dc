import { IamServiceLinkedRole } from "@cdktf/provider-aws/lib/iam-service-linked-role";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName, truncateName } from "../../node/names";
import { MAX_ROLE_NAME_LENGTH } from "./names";

/** What IAM puts before the suffix of the role's name. */
const PREFIX = "AWSServiceRoleForAutoScaling_";

/** Properties of an `AutoscalingRole`. */
export interface AutoscalingRoleProps {
  /** Cluster whose pools are scaled. */
  readonly cluster: ResolvedCluster;
}

/**
 * What EC2 Auto Scaling may do for a cluster's groups: what AWS has laid down, under a role of the cluster's own. The
 * account's common role (AWSServiceRoleForAutoScaling) may not be there yet, and whoever may use its groups could use
 * the cluster's key through it.
 */
export class AutoscalingRole extends Construct {
  /** ARN of the role. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { cluster }: AutoscalingRoleProps) {
    super(scope, id);
    this.arn = new IamServiceLinkedRole(this, "Resource", {
      awsServiceName: "autoscaling.amazonaws.com",
      // Roles belong to the account, so clusters of one name in two regions need the region in theirs.
      customSuffix: truncateName(resourceName(cluster, cluster.region), MAX_ROLE_NAME_LENGTH - PREFIX.length),
      description: `pools of the Dask cluster ${cluster.name}`,
    }).arn;
  }
}
