import { DataAwsPartition } from "@cdktf/provider-aws/lib/data-aws-partition";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import type { Cluster } from "../cluster/cluster";

/** Properties of a `MachineRole`. */
export interface MachineRoleProps {
  /** Cluster that the machines belong to. */
  readonly cluster: Cluster;
  /** What the machines are, in the role's name: at most 16 characters. */
  readonly kind: string;
  /** What a person reads in a list of roles. */
  readonly description: string;
}

/** What machines may do in AWS: be reached through Session Manager, and what policies add. */
export class MachineRole extends Construct {
  /** The role in the form that machines take. */
  readonly instanceProfile: IamInstanceProfile;
  /** Name of the role, for policies. */
  protected readonly roleName: string;
  /** Partition of the region, such as `aws`. */
  protected readonly partition: string;

  constructor(scope: Construct, id: string, { cluster, kind, description }: MachineRoleProps) {
    super(scope, id);
    // Roles belong to the account, so clusters of one name in two regions need the region in theirs.
    const name = `${cluster.name}-${kind}-${cluster.region}`;
    const tags = { Name: name };
    const partition = new DataAwsPartition(this, "partition");
    this.partition = partition.partition;
    const role = new IamRole(this, "Resource", {
      name,
      description,
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
    this.roleName = role.name;
    this.attach("session-manager", "AmazonSSMManagedInstanceCore");
    this.instanceProfile = new IamInstanceProfile(this, "instance-profile", { name, role: role.name, tags });
  }

  /** Adds a policy that AWS keeps. */
  protected attach(id: string, policy: string): void {
    new IamRolePolicyAttachment(this, id, {
      role: this.roleName,
      policyArn: `arn:${this.partition}:iam::aws:policy/${policy}`,
    });
  }
}
