/** CI system whose runs get the roles of `PipelineRoles`: the trust policies accept only these runs. */
export type PipelineIdentity = GitHubIdentity | GitLabIdentity | HcpIdentity;

/** Runs of GitHub Actions in one repository. */
export interface GitHubIdentity {
  /** Chooses GitHub Actions. */
  readonly type: "github";
  /**
   * `OWNER/REPOSITORY` as GitHub spells it. A repository with immutable subject claims, the default of those that were
   * created or renamed since 15 July 2026, is `OWNER@ID/REPOSITORY@ID`.
   */
  readonly repository: string;
  /** Environments of the repository whose jobs apply. Give them required reviewers: they are the approval. */
  readonly environments: readonly string[];
  /**
   * Branch whose runs plan without a pull request, such as a nightly drift check.
   *
   * @default "main"
   */
  readonly branch?: string;
}

/** Jobs of GitLab CI/CD in one project. */
export interface GitLabIdentity {
  /** Chooses GitLab CI/CD. */
  readonly type: "gitlab";
  /** `GROUP/PROJECT` or `GROUP/SUBGROUP/PROJECT`. Jobs of all its branches plan. */
  readonly project: string;
  /**
   * Branch whose jobs apply. Protect it: GitLab has no environment in the subject of its tokens.
   *
   * @default "main"
   */
  readonly branch?: string;
  /**
   * URL of the GitLab instance, of version 18.2.2 or later: in earlier ones, a merge request from a fork whose branch has the
   * name of `branch` gets a token with the subject of that branch. AWS has to reach the instance.
   *
   * @default "https://gitlab.com"
   */
  readonly url?: string;
  /**
   * Value of `aud` in `id_tokens` of the jobs.
   *
   * @default "sts.amazonaws.com"
   */
  readonly audience?: string;
}

/** Runs of HCP Terraform with dynamic provider credentials. */
export interface HcpIdentity {
  /** Chooses HCP Terraform. */
  readonly type: "hcp";
  /** Organization of the workspaces. */
  readonly organization: string;
  /** Workspaces of the stacks, in one project. */
  readonly workspaces: readonly string[];
  /**
   * Project of the workspaces.
   *
   * @default "Default Project"
   */
  readonly project?: string;
  /**
   * Host name of HCP Terraform, or of a Terraform Enterprise that AWS can reach.
   *
   * @default "app.terraform.io"
   */
  readonly hostname?: string;
}

/** Definition of the roles of a pipeline. */
export interface PipelineDefinition {
  /** Runs that may assume the roles. */
  readonly identity: PipelineIdentity;
  /**
   * Beginning of the names of roles and policies. Not `dask-`: the policies of the identity that deploys let it change roles
   * with such names.
   *
   * @default "cdktf-dask"
   */
  readonly name?: string;
  /**
   * ARN of an existing OpenID Connect provider of the CI system. An account can have one for each URL.
   *
   * @default - one is created
   */
  readonly providerArn?: string;
  /**
   * ARN of the permissions boundary of both roles. It has to allow what `iam/` does.
   *
   * @default - none
   */
  readonly permissionsBoundary?: string;
}
