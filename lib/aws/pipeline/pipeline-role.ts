import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Lazy } from "cdktf";
import { Construct } from "constructs";
import { packageFile } from "../../node/package-file";
import { policy, type RoleStatement } from "../account/policy";
import { inlinePolicyIssues } from "../roles/inline-policies";
import { ManagedPolicies } from "../roles/managed-policies";

/** Name, trust and permissions of a role. */
export interface PipelineRoleProps {
  /** Beginning of the names of role and policies. */
  readonly name: string;
  /** What the runs do with the role; ends its name. */
  readonly purpose: "plan" | "apply";
  /** Trust policy as JSON. */
  readonly trust: string;
  /** Names of policies in `iam/`. */
  readonly policies: readonly string[];
  /** Further statements. */
  readonly statements: readonly RoleStatement[];
  /** Longest session in seconds. */
  readonly maxSessionSeconds: number;
  /**
   * ARN of the permissions boundary.
   *
   * @default - none
   */
  readonly permissionsBoundary?: string;
}

/**
 * Role of a pipeline's runs that plan, or that apply.
 *
 * @example
 * const { applyRole } = new PipelineStack(app, "pipeline", {
 *   clusters: [cluster],
 *   identity: { type: "github", repository: "my-company/dask", environments: ["production"] },
 * }).roles;
 * applyRole.addManagedPolicy("arn:aws:iam::123456789012:policy/attach-our-policies");
 */
export class PipelineRole extends Construct {
  /** ARN of the role, for the settings of the CI system. */
  readonly arn: string;
  /** Name of the role. */
  readonly roleName: string;
  /** The policies of `iam/`, by name. */
  readonly policies: ReadonlyMap<string, IamPolicy>;

  private readonly managed: ManagedPolicies;
  private readonly inline: string[] = [];
  private readonly added: RoleStatement[] = [];

  constructor(scope: Construct, id: string, props: PipelineRoleProps) {
    super(scope, id);
    const { name, purpose, trust, policies, statements, maxSessionSeconds, permissionsBoundary } = props;
    const role = new IamRole(this, "Resource", {
      name: `${name}-${purpose}`,
      description: `runs of a pipeline that ${purpose} stacks of Dask clusters`,
      assumeRolePolicy: trust,
      maxSessionDuration: maxSessionSeconds,
      ...(permissionsBoundary !== undefined && { permissionsBoundary }),
    });
    this.arn = role.arn;
    this.roleName = role.name;
    this.managed = new ManagedPolicies(this, "managed-policies", { roleName: this.roleName });
    this.policies = new Map(
      policies.map((file) => [
        file,
        new IamPolicy(this, file, {
          name: `${name}-${file}`,
          description: `iam/${file}.json of cdktf-dask`,
          policy: JSON.stringify(JSON.parse(packageFile(`iam/${file}.json`))),
        }),
      ]),
    );
    for (const { arn } of this.policies.values()) this.addManagedPolicy(arn);
    this.node.addValidation({
      validate: () => inlinePolicyIssues(this, this.inline, "move statements to addManagedPolicy"),
    });
    if (statements.length > 0) this.addInline("clusters", policy(...statements));
  }

  /** Adds statements to the role, in one inline policy with the name `added`. */
  addToPolicy(...statements: readonly RoleStatement[]): void {
    if (statements.length === 0) return;
    this.added.push(...statements);
    if (this.added.length > statements.length) return;
    this.addInline("added", Lazy.stringValue({ produce: () => policy(...this.added) }));
  }

  /** Attaches a managed policy. A second call with the same ARN has no effect. */
  addManagedPolicy(policyArn: string): void {
    this.managed.attachment(policyArn);
  }

  private addInline(name: string, policy: string): void {
    this.inline.push(policy);
    new IamRolePolicy(this, name, { name, role: this.roleName, policy });
  }
}
