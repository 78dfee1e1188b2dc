import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Cluster } from "../../cluster/cluster";
import { resourceName } from "../../node/names";
import type { Account } from "../account/account";
import { fitted, MOST_OF_A_ROLE } from "../account/names";
import { policy, type Statement } from "../account/policy";

/** Properties of a `MachineRole`. */
export interface MachineRoleProps {
  /** Cluster that the machines belong to. */
  readonly cluster: Cluster;
  /** Account of the cluster. */
  readonly account: Account;
  /** What the machines are, in the role's name. */
  readonly kind: string;
  /** What a person reads in a list of roles. */
  readonly description: string;
}

/**
 * What machines may do in AWS: be reached through Session Manager, and what is added. Every action is named, and so is
 * what it may be done to, where AWS knows such a thing.
 */
export class MachineRole extends Construct {
  /** ARN of the role. */
  readonly arn: string;
  /** The role in the form that machines take. */
  readonly instanceProfile: IamInstanceProfile;
  /** Account of the cluster. */
  protected readonly account: Account;

  private readonly role: IamRole;
  private readonly granted: ITerraformDependable[] = [];

  constructor(scope: Construct, id: string, { cluster, account, kind, description }: MachineRoleProps) {
    super(scope, id);
    this.account = account;
    // Roles belong to the account, so clusters of one name in two regions need the region in theirs.
    const name = fitted(resourceName(cluster, kind, cluster.region), MOST_OF_A_ROLE);
    const tags = { Name: name };
    this.role = new IamRole(this, "Resource", {
      name,
      description,
      assumeRolePolicy: policy({
        Principal: { Service: `ec2.${account.dnsSuffix}` },
        Action: "sts:AssumeRole",
      }),
      tags,
    });
    this.arn = this.role.arn;
    this.instanceProfile = new IamInstanceProfile(this, "instance-profile", {
      name,
      role: this.role.name,
      tags,
    });
    this.allow(
      "session-manager",
      { Action: "ssm:UpdateInstanceInformation", Resource: account.arn("ec2", "instance/*") },
      {
        Action: [
          "ssmmessages:CreateControlChannel",
          "ssmmessages:CreateDataChannel",
          "ssmmessages:OpenControlChannel",
          "ssmmessages:OpenDataChannel",
        ],
        // None of these takes a resource (Service Authorization Reference): each acts on the machine that calls.
        Resource: "*",
      },
    );
  }

  /** Every policy of the role: a machine waits for them, as it calls AWS as soon as it boots. */
  get policies(): readonly ITerraformDependable[] {
    return this.granted;
  }

  /** Attaches a policy that AWS manages, such as `AmazonSSMManagedInstanceCore`. */
  protected attach(name: string): void {
    this.granted.push(
      new IamRolePolicyAttachment(this, name, {
        role: this.role.name,
        policyArn: `arn:${this.account.partition}:iam::aws:policy/${name}`,
      }),
    );
  }

  /** Adds a policy. */
  protected allow(id: string, ...statements: readonly Statement[]): void {
    this.granted.push(
      new IamRolePolicy(this, id, { name: id, role: this.role.name, policy: policy(...statements) }),
    );
  }
}
