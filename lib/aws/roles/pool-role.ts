import type { Construct } from "constructs";
import { dataAccess, managedPolicies } from "../../config/data";
import type { Pool } from "../../config/resolved-cluster";
import type { BackupLocation } from "../backup/backup-location";
import { dataStatements } from "./data-policy";
import { NodeRole, type NodeRoleProps } from "./node-role";

/** Pool of the role. */
export interface PoolRoleProps extends NodeRoleProps {
  /** Pool whose instances have the role. */
  readonly pool: Pool;
  /** @default - none: its tasks write no backups */
  readonly backup?: BackupLocation;
}

/**
 * Role of a pool's instances. In addition to `NodeRole`, they may complete the lifecycle hooks of their Auto Scaling group, and
 * read the certificate of the workers. It has the permissions for the `data` and the `backup` of the definition, and its
 * `managedPolicies`.
 *
 * @example
 * const readData = {
 *   Effect: "Allow",
 *   Principal: dask.pools.cpu?.role.grantPrincipal,
 *   Action: "s3:GetObject",
 *   Resource: "arn:aws:s3:::my-data/*",
 * };
 */
export class PoolRole extends NodeRole {
  constructor(scope: Construct, id: string, props: PoolRoleProps) {
    const { cluster, pool, node, secrets, backup } = props;
    const description = `workers of the Dask cluster ${cluster.name}, pool ${pool.name}`;
    super(scope, id, { ...props, kind: `pool-${pool.name}`, description });
    // Named after the first hook: another name would change its Terraform address.
    this.allow("answer-launch-hook", {
      Action: ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
      // AWS assigns the id in place of the asterisk.
      Resource: this.account.arn("autoscaling", `autoScalingGroup:*:autoScalingGroupName/${node.name}`),
    });
    if (secrets) this.allowSecrets([secrets.arns.worker]);
    const data = dataStatements(dataAccess(cluster, pool), this.account);
    if (data.length > 0) this.allow("data", ...data);
    if (backup) this.allow("backup", ...backup.partitionStatements);
    for (const arn of managedPolicies(cluster, pool)) this.addManagedPolicy(arn);
  }
}
