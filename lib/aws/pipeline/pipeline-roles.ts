import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { Token } from "cdktf";
import { Construct } from "constructs";
import type { PipelineDefinition } from "../../config/definition";
import { checkPipeline, type PipelineTrust, trustOf } from "../../config/pipeline";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { ValidationError } from "../../config/validation-error";
import { Account } from "../account/account";
import { policy } from "../account/policy";
import { suppress } from "../account/suppression";
import { deployNamedResources, readNamedResources } from "./named-resources";
import { PipelineRole } from "./pipeline-role";
import { readStates, writeStates } from "./state-access";

/** Longest sessions in seconds: a plan takes minutes, a deployment that bakes AMIs 3 h 40 min (docs/before-deploying.md). */
const PLAN_SECONDS = 3600;
const APPLY_SECONDS = 14_400;

/** CI system, and the clusters that it deploys. */
export interface PipelineRolesProps extends PipelineDefinition {
  /** Clusters of the stacks: their states in S3, and the buckets and parameters that their definitions name. */
  readonly clusters: readonly ResolvedCluster[];
}

/**
 * OpenID Connect provider of a CI system, and two roles for its runs: one that plans and one that applies. No access key is
 * stored.
 *
 * - `planRole` has `iam/plan.json`: it reads what `terraform plan` reads and writes nothing, also no lock of a state. Plan with
 *   `-lock=false`.
 * - `applyRole` has `iam/deploy-ec2.json` and `iam/deploy-data-and-roles.json`, and sessions of up to four hours.
 *
 * Both also get the states of the clusters in S3. An administrator deploys this: the roles cannot change themselves.
 *
 * @example
 * const { planRole } = new PipelineRoles(stack, "roles", {
 *   clusters: [cluster],
 *   identity: { type: "gitlab", project: "my-company/dask" },
 * });
 * new TerraformOutput(stack, "plan_role", { value: planRole.arn });
 *
 * @throws ValidationError for a wildcard or another invalid value in the identity, and without clusters
 */
export class PipelineRoles extends Construct {
  /** ARN of the OpenID Connect provider. */
  readonly providerArn: string;
  /** Role of the runs that plan. */
  readonly planRole: PipelineRole;
  /** Role of the runs that apply. */
  readonly applyRole: PipelineRole;

  constructor(scope: Construct, id: string, props: PipelineRolesProps) {
    super(scope, id);
    const { clusters, identity, name = "cdktf-dask", permissionsBoundary } = props;
    const cluster = checkedCluster(id, props);
    const trust = trustOf(identity);
    const account = new Account(this, "account", { cluster });
    this.providerArn =
      props.providerArn ??
      new IamOpenidConnectProvider(this, "provider", {
        url: `https://${trust.issuer}`,
        clientIdList: [trust.audience],
      }).arn;
    const common = { name, ...(permissionsBoundary !== undefined && { permissionsBoundary }) };
    this.planRole = new PipelineRole(this, "plan-role", {
      ...common,
      purpose: "plan",
      trust: trustPolicy(this.providerArn, trust, trust.plan),
      policies: ["plan"],
      statements: [...readStates(clusters, account), ...readNamedResources(clusters, account)],
      maxSessionSeconds: PLAN_SECONDS,
    });
    this.applyRole = new PipelineRole(this, "apply-role", {
      ...common,
      purpose: "apply",
      trust: trustPolicy(this.providerArn, trust, trust.apply),
      policies: ["deploy-ec2", "deploy-data-and-roles"],
      statements: [...writeStates(clusters, account), ...deployNamedResources(clusters, account)],
      maxSessionSeconds: APPLY_SECONDS,
    });
    this.suppressChecks();
  }

  private suppressChecks(): void {
    const list = this.planRole.policies.get("plan");
    const ec2 = this.applyRole.policies.get("deploy-ec2");
    if (list) suppress(list, "CKV_AWS_355", "only reads and lists, of settings and never of data");
    if (ec2 === undefined) return;
    const reason = "AWS chooses the ids of what is created; changes require the tag dask:cluster";
    suppress(ec2, "CKV_AWS_290", reason);
    suppress(ec2, "CKV_AWS_355", reason);
  }
}

/** Checks the props, and returns the first cluster. */
function checkedCluster(id: string, props: PipelineRolesProps): ResolvedCluster {
  const { clusters, identity, name, providerArn, permissionsBoundary } = props;
  const known = (value: string | undefined) => value !== undefined && !Token.isUnresolved(value);
  checkPipeline(id, {
    identity,
    ...(name !== undefined && { name }),
    ...(known(providerArn) && { providerArn: providerArn as string }),
    ...(known(permissionsBoundary) && { permissionsBoundary: permissionsBoundary as string }),
  });
  const [first] = clusters;
  checkStateBuckets(id, clusters);
  if (first !== undefined) return first;
  throw new ValidationError(
    id,
    [
      {
        path: "clusters",
        value: clusters,
        expected: "at least one cluster",
        hint: "pass what defineCluster returned for the clusters that the pipeline deploys",
      },
    ],
    "definition of pipeline roles",
  );
}

/** The policy of the role that applies covers the artifact buckets `dask-*`, and must not cover the state of these roles. */
function checkStateBuckets(id: string, clusters: readonly ResolvedCluster[]): void {
  const issues = clusters.flatMap(({ backend }, index) =>
    backend.type === "s3" && backend.bucket.startsWith("dask-")
      ? [
          {
            path: `clusters[${index}].backend.bucket`,
            value: backend.bucket,
            expected: "a name that does not begin with dask-",
            hint: "the role that applies may change all objects of such buckets, also the state of these roles: use another bucket",
          },
        ]
      : [],
  );
  if (issues.length > 0) throw new ValidationError(id, issues, "definition of pipeline roles");
}

/** Returns the trust policy for tokens with one of the subjects. */
function trustPolicy(
  providerArn: string,
  { issuer, audience }: PipelineTrust,
  subjects: readonly string[],
): string {
  const ofSubject = { [`${issuer}:sub`]: subjects };
  const patterns = subjects.some((subject) => subject.includes("*"));
  return policy({
    Principal: { Federated: providerArn },
    Action: "sts:AssumeRoleWithWebIdentity",
    Condition: {
      StringEquals: { [`${issuer}:aud`]: audience, ...(patterns ? {} : ofSubject) },
      ...(patterns && { StringLike: ofSubject }),
    },
  });
}
