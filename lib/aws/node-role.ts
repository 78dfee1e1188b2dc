import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import type { Construct } from "constructs";
import type { Cluster } from "../cluster/cluster";
import { groupName } from "../node/lifecycle";
import { MachineRole } from "./machine-role";

/** Tag by which a machine says that it is ready, or where and why it failed. */
export const STATE_TAG = "dask:state";

/** Properties of a `NodeRole`. */
export interface NodeRoleProps {
  /** Cluster whose machines take the role. */
  readonly cluster: Cluster;
}

/**
 * What the machines of a cluster may do in AWS: be reached through Session Manager, answer the launch hook of the
 * cluster's own groups, tag the cluster's own machines with their state, and nothing else.
 */
export class NodeRole extends MachineRole {
  private readonly account: string;

  constructor(scope: Construct, id: string, { cluster }: NodeRoleProps) {
    super(scope, id, {
      cluster,
      kind: "node",
      description: `machines of the Dask cluster ${cluster.name}`,
    });
    this.account = new DataAwsCallerIdentity(this, "account").accountId;

    const groups = cluster.pools.map((pool) =>
      this.arn("autoscaling", cluster, `autoScalingGroup:*:autoScalingGroupName/${groupName(cluster, pool)}`),
    );
    if (groups.length > 0) {
      this.allow("answer-launch-hook", {
        Action: "autoscaling:CompleteLifecycleAction",
        Resource: groups,
      });
    }
    this.allow("tag-machines", {
      Action: "ec2:CreateTags",
      Resource: this.arn("ec2", cluster, "instance/*"),
      Condition: {
        StringEquals: { "ec2:ResourceTag/dask:cluster": cluster.name },
        "ForAllValues:StringEquals": { "aws:TagKeys": [STATE_TAG] },
      },
    });
  }

  private arn(service: string, { region }: Cluster, resource: string): string {
    return `arn:${this.partition}:${service}:${region}:${this.account}:${resource}`;
  }

  private allow(id: string, statement: object): void {
    new IamRolePolicy(this, id, {
      name: id,
      role: this.roleName,
      policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", ...statement }],
      }),
    });
  }
}
