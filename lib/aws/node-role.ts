import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import type { Cluster } from "../cluster/cluster";

/** Properties of a `NodeRole`. */
export interface NodeRoleProps {
  /** Cluster whose machines take the role. */
  readonly cluster: Cluster;
}

/** What the machines of a cluster may do in AWS: be reached through Session Manager, and nothing else. */
export class NodeRole extends Construct {
  /** The role in the form that machines take. */
  readonly instanceProfile: IamInstanceProfile;

  constructor(scope: Construct, id: string, { cluster }: NodeRoleProps) {
    super(scope, id);
    // Roles belong to the account, so clusters of one name in two regions need the region in theirs.
    const name = `${cluster.name}-node-${cluster.region}`;
    const tags = { Name: name };
    const partition = new DataAwsPartition(this, "partition");
    const role = new IamRole(this, "Resource", {
      name,
      description: `machines of the Dask cluster ${cluster.name}`,
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: "sts:AssumeRole",
            Principal: { Service: `ec2.${partition.dnsSuffix}` },
          },
        ],
      }),
      tags,
    });
    new IamRolePolicyAttachment(this, "session-manager", {
      role: role.name,
      policyArn: `arn:${partition.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore`,
    });
    this.instanceProfile = new IamInstanceProfile(this, "instance-profile", { name, role: role.name, tags });
  }
}
