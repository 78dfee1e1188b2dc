import { IamServiceLinkedRole } from "@cdktf/provider-aws/lib/iam-service-linked-role";
import { Construct } from "constructs";
import type { Cluster } from "../../cluster/cluster";
import { fitted, resourceName } from "../../node/names";
import { MOST_OF_A_ROLE } from "./names";

/** What IAM puts before the suffix of the role's name. */
const PREFIX = "AWSServiceRoleForAutoScaling_";

/** Properties of an `AutoscalingRole`. */
export interface AutoscalingRoleProps {
  /** Cluster whose pools are scaled. */
  readonly cluster: Cluster;
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
      customSuffix: fitted(resourceName(cluster, cluster.region), MOST_OF_A_ROLE - PREFIX.length),
      description: `pools of the Dask cluster ${cluster.name}`,
    }).arn;
  }
}
