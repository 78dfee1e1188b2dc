import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { PIPELINE_SUFFIX } from "./account/state-name";
import { REQUIRED_PROVIDERS } from "./aws-stack";
import { configureBackend } from "./backend";
import { PipelineRoles, type PipelineRolesProps } from "./pipeline/pipeline-roles";

/** Props of a stack: the same as those of its roles. */
export interface PipelineStackProps extends PipelineRolesProps {}

/**
 * Stack with the roles of a pipeline. An administrator deploys it once, and again when the clusters or the CI system change. Its
 * state is where the first cluster has its state, under the name of that cluster with `--pipeline`; the roles cannot read it.
 *
 * @example
 * new PipelineStack(app, "pipeline", {
 *   clusters: [cluster],
 *   identity: { type: "github", repository: "my-company/dask", environments: ["production"] },
 * });
 *
 * @throws ValidationError as `PipelineRoles`
 */
export class PipelineStack extends TerraformStack {
  /** Provider and roles. */
  readonly roles: PipelineRoles;

  constructor(scope: Construct, id: string, props: PipelineStackProps) {
    super(scope, id);
    this.roles = new PipelineRoles(this, "roles", props);
    const [cluster] = props.clusters;
    if (cluster === undefined) return;
    configureBackend(this, cluster, PIPELINE_SUFFIX);
    new AwsProvider(this, "aws", { region: cluster.region, defaultTags: [{ tags: { ...cluster.tags } }] });
    this.addOverride("terraform.required_providers", { aws: REQUIRED_PROVIDERS.aws });
    const { planRole, applyRole } = this.roles;
    new TerraformOutput(this, "plan_role", {
      value: planRole.arn,
      description: "Role of the runs that plan",
      staticId: true,
    });
    new TerraformOutput(this, "apply_role", {
      value: applyRole.arn,
      description: "Role of the runs that apply",
      staticId: true,
    });
  }
}
