import type { Construct } from "constructs";
import type { Pool } from "../../cluster/cluster";
import { groupName } from "../../node/lifecycle";
import { ownTags } from "../account/tags";
import { type MemberRoleProps, NodeRole } from "./node-role";

/** Properties of a `PoolRole`. */
export interface PoolRoleProps extends MemberRoleProps {
  /** Pool whose machines take the role. */
  readonly pool: Pool;
}

/**
 * What the machines of a pool may do in AWS: what every member may, answer the launch hook of their own group, and read
 * the workers' certificate.
 */
export class PoolRole extends NodeRole {
  constructor(scope: Construct, id: string, props: PoolRoleProps) {
    const { cluster, pool, secrets } = props;
    const description = `workers of the Dask cluster ${cluster.name}, pool ${pool.name}`;
    super(scope, id, { ...props, kind: `pool-${pool.name}`, description, ownTags: ownTags(cluster, pool) });
    this.allow("answer-launch-hook", {
      Action: "autoscaling:CompleteLifecycleAction",
      // In place of the star stands an id that AWS gives.
      Resource: this.account.arn(
        "autoscaling",
        `autoScalingGroup:*:autoScalingGroupName/${groupName(cluster, pool)}`,
      ),
    });
    if (secrets) this.allowSecrets([secrets.arns.worker]);
  }
}
