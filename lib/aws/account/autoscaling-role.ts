import { IamServiceLinkedRole } from "@cdktf/provider-aws/lib/iam-service-linked-role";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName, truncateName } from "../../node/names";
import { MAX_ROLE_NAME_LENGTH } from "./names";

/** Beginning of the name of the role, before its suffix. */
const PREFIX = "AWSServiceRoleForAutoScaling_";

/** Cluster of the role. */
export interface AutoscalingRoleProps {
  /** Cluster whose Auto Scaling groups use the role. */
  readonly cluster: ResolvedCluster;
}

/**
 * Service-linked role of EC2 Auto Scaling for the groups of one cluster, with the permissions that AWS defines. The
 * role that all groups of an account share by default (AWSServiceRoleForAutoScaling) may not exist, and with it other
 * groups could use the cluster's key.
 */
export class AutoscalingRole extends Construct {
  /** ARN of the role. */
  readonly arn: string;

  constructor(scope: Construct, id: string, { cluster }: AutoscalingRoleProps) {
    super(scope, id);
    this.arn = new IamServiceLinkedRole(this, "Resource", {
      awsServiceName: "autoscaling.amazonaws.com",
      // Roles are global: clusters with one name in two regions need different names.
      customSuffix: truncateName(resourceName(cluster, cluster.region), MAX_ROLE_NAME_LENGTH - PREFIX.length),
      description: `pools of the Dask cluster ${cluster.name}`,
    }).arn;
  }
}
