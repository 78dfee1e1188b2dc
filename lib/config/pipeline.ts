import type { PipelineDefinition, PipelineIdentity } from "./definition/pipeline";
import { pipeline } from "./schema/pipeline";
import { fieldIssues } from "./shape";
import { ValidationError, type ValidationIssue } from "./validation-error";

/** Host of the tokens of GitHub Actions (GitHub documentation, "OpenID Connect reference"). */
const GITHUB_HOST = "token.actions.githubusercontent.com";

/** Audiences of tokens for AWS: of GitHub's action and, by default, of GitLab here; and of HCP Terraform. */
const AWS_AUDIENCE = "sts.amazonaws.com";
const HCP_AUDIENCE = "aws.workload.identity";

/** What the tokens of a pipeline have to contain. */
export interface PipelineTrust {
  /** Host of the issuer: the URL of the provider without `https://`, and the beginning of IAM's condition keys. */
  readonly issuer: string;
  readonly audience: string;
  /** Subjects of the runs that plan. `*` at the end stands for the branches of one project of GitLab. */
  readonly plan: readonly string[];
  /** Subjects of the runs that apply. */
  readonly apply: readonly string[];
}

/**
 * Checks the definition of the roles of a pipeline.
 *
 * @param id of the construct, for the error
 * @throws ValidationError with all issues: path, value, expected value and hint
 */
export function checkPipeline(id: string, definition: PipelineDefinition): void {
  const issues = fieldIssues(pipeline, definition);
  const all = issues.length > 0 ? issues : providerIssues(definition);
  if (all.length > 0) throw new ValidationError(id, all, "definition of pipeline roles");
}

/** An existing provider has to be that of the CI system. */
function providerIssues({ identity, providerArn }: PipelineDefinition): readonly ValidationIssue[] {
  const { issuer } = trustOf(identity);
  if (providerArn === undefined || providerArn.endsWith(`:oidc-provider/${issuer}`)) return [];
  return [
    {
      path: "providerArn",
      value: providerArn,
      expected: `the provider of the identity, which ends with oidc-provider/${issuer}`,
      hint: "name that provider, or remove providerArn to create it",
    },
  ];
}

/** Returns what the tokens of an identity have to contain. */
export function trustOf(identity: PipelineIdentity): PipelineTrust {
  switch (identity.type) {
    case "github": {
      const { repository, environments, branch = "main" } = identity;
      return {
        issuer: GITHUB_HOST,
        audience: AWS_AUDIENCE,
        plan: [`repo:${repository}:pull_request`, `repo:${repository}:ref:refs/heads/${branch}`],
        apply: environments.map((environment) => `repo:${repository}:environment:${environment}`),
      };
    }
    case "gitlab": {
      const { project, branch = "main", url = "https://gitlab.com", audience = AWS_AUDIENCE } = identity;
      const ofBranch = `project_path:${project}:ref_type:branch:ref:`;
      // A pipeline of a merge request has the branch of the merge request in its subject.
      return {
        issuer: new URL(url).host,
        audience,
        plan: [`${ofBranch}*`],
        apply: [`${ofBranch}${branch}`],
      };
    }
    case "hcp": {
      const {
        organization,
        workspaces,
        project = "Default Project",
        hostname = "app.terraform.io",
      } = identity;
      const subject = (phase: string) => (workspace: string) =>
        `organization:${organization}:project:${project}:workspace:${workspace}:run_phase:${phase}`;
      return {
        issuer: hostname,
        audience: HCP_AUDIENCE,
        plan: workspaces.map(subject("plan")),
        apply: workspaces.map(subject("apply")),
      };
    }
  }
}
