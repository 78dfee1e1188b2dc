import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { dependable, type ITerraformDependable, Lazy, type TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName, truncateName } from "../../node/names";
import type { Account } from "../account/account";
import { MAX_ROLE_NAME_LENGTH } from "../account/names";
import { type Principal, policy, type RoleStatement } from "../account/policy";
import { inlinePolicyIssues } from "./inline-policies";
import { ManagedPolicies } from "./managed-policies";

/** Name and description of a role. */
export interface InstanceRoleProps {
  /** Cluster of the instances. */
  readonly cluster: ResolvedCluster;
  /** Account of the cluster. */
  readonly account: Account;
  /** Kind of the instances, such as `scheduler`; part of the role's name. */
  readonly kind: string;
  /** Description of the role in AWS. */
  readonly description: string;
}

/**
 * IAM role of instances, with the permissions that Session Manager, the package index and the cluster need: each action by
 * name and, where AWS supports it, each resource by ARN. `addToPolicy` and `addManagedPolicy` add permissions. Instances are
 * created after all policies of their role.
 *
 * Tasks have the permissions of the role of their pool.
 *
 * @example
 * const { role } = new DaskCluster(stack, "dask", { cluster }).scheduler;
 * role.addToPolicy({ Action: "s3:GetObject", Resource: "arn:aws:s3:::my-data/*" });
 */
export class InstanceRole extends Construct {
  /** ARN of the role. */
  readonly arn: string;
  /** Name of the role, for policies of other resources. */
  readonly roleName: string;
  /** The role as principal of a resource policy, such as that of a bucket or a key. */
  readonly grantPrincipal: Principal;
  /** Instance profile of the role. */
  readonly instanceProfile: IamInstanceProfile;
  /** Account of the cluster. */
  protected readonly account: Account;

  private readonly role: IamRole;
  private readonly managed: ManagedPolicies;
  private readonly inline: string[] = [];
  private readonly added: RoleStatement[] = [];
  private readonly granted: ITerraformDependable[] = [];
  private readonly dependents: TerraformResource[] = [];

  constructor(scope: Construct, id: string, { cluster, account, kind, description }: InstanceRoleProps) {
    super(scope, id);
    this.account = account;
    // Roles are global: clusters with one name in two regions need different names.
    const name = truncateName(resourceName(cluster, kind, cluster.region), MAX_ROLE_NAME_LENGTH);
    const tags = { Name: name };
    this.role = new IamRole(this, "Resource", {
      name,
      description,
      assumeRolePolicy: policy({
        Principal: { Service: `ec2.${account.dnsSuffix}` },
        Action: "sts:AssumeRole",
      }),
      ...(account.permissionsBoundary && { permissionsBoundary: account.permissionsBoundary }),
      tags,
    });
    this.arn = this.role.arn;
    this.roleName = this.role.name;
    this.grantPrincipal = { AWS: this.arn };
    this.managed = new ManagedPolicies(this, "managed-policies", { roleName: this.roleName });
    this.instanceProfile = new IamInstanceProfile(this, "instance-profile", {
      name,
      role: this.role.name,
      tags,
    });
    this.node.addValidation({ validate: () => inlinePolicyIssues(this, this.inline) });
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
        // None of these supports resources (Service Authorization Reference): each acts on the calling instance.
        Resource: "*",
      },
    );
    const { credentialsSecret } = cluster.environment.index;
    if (credentialsSecret !== undefined)
      this.allow("package-index", {
        Action: "secretsmanager:GetSecretValue",
        Resource: account.secretArn(credentialsSecret),
      });
  }

  /**
   * Adds statements to the role, in one inline policy with the name `added`. IAM allows 10,240 characters in all inline
   * policies of a role, which the synthesis checks.
   */
  addToPolicy(...statements: readonly RoleStatement[]): void {
    if (statements.length === 0) return;
    this.added.push(...statements);
    if (this.added.length > statements.length) return;
    const policyOfAll = Lazy.stringValue({ produce: () => policy(...this.added) });
    this.addInline("added", policyOfAll);
  }

  /**
   * Attaches a managed policy of the account or of AWS. IAM allows 10 per role by default. A second call with the same ARN
   * has no effect.
   */
  addManagedPolicy(policyArn: string): void {
    this.grant(this.managed.attachment(policyArn));
  }

  /**
   * ARN of the permissions boundary of the role.
   *
   * @default - that of the cluster, if it has one
   */
  get permissionsBoundary(): string | undefined {
    return this.role.permissionsBoundaryInput;
  }

  /** Replaces the permissions boundary of the cluster for this role. */
  set permissionsBoundary(policyArn: string) {
    this.role.permissionsBoundary = policyArn;
  }

  /** Makes a resource depend on all policies of the role, also on those that are added later. */
  addDependent(resource: TerraformResource): void {
    this.dependents.push(resource);
    resource.dependsOn = [...(resource.dependsOn ?? []), ...this.granted.map(dependable)];
  }

  /** Adds an inline policy. */
  protected allow(id: string, ...statements: readonly RoleStatement[]): void {
    this.addInline(id, policy(...statements));
  }

  private addInline(name: string, policy: string): void {
    this.inline.push(policy);
    this.grant(new IamRolePolicy(this, name, { name, role: this.roleName, policy }));
  }

  /** Makes instances depend on a policy, because they call AWS as soon as they boot. */
  protected grant(policy: ITerraformDependable): void {
    if (this.granted.includes(policy)) return;
    this.granted.push(policy);
    for (const dependent of this.dependents) dependent.dependsOn?.push(dependable(policy));
  }
}
