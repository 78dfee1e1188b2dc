import { readFileSync } from "node:fs";
import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { PipelineRoles } from "../../../lib/aws/pipeline/pipeline-roles";
import { PipelineStack, type PipelineStackProps } from "../../../lib/aws/pipeline-stack";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { issuesIn } from "../../config/issues-of";
import { policyPath } from "../../support/deploy-policy";
import { Synthesized, testApp } from "../../support/synthesized";
import { allowing, policiesOf, readArn } from "../policies";

const define = (definition: Partial<ClusterDefinition> = {}) =>
  defineCluster({
    name: "test",
    region: "eu-central-1",
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools: [{ name: "cpu", kind: "cpu" }],
    ...definition,
  });
const GITHUB = { type: "github", repository: "acme/dask", environments: ["production"] } as const;
const GITLAB = { type: "gitlab", project: "acme/data/dask" } as const;
const HCP = { type: "hcp", organization: "acme", project: "Data", workspaces: ["production"] } as const;
const PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
const KEY_ID = "12345678-1234-4234-9234-12345678abcd";

const synthesize = (props: Partial<PipelineStackProps> = {}) =>
  new Synthesized(
    new PipelineStack(testApp(), "pipeline", { clusters: [define()], identity: GITHUB, ...props }),
  );
const withState = (backend: object, rest: Partial<ClusterDefinition> = {}) =>
  synthesize({ clusters: [define({ backend: { type: "s3", bucket: "states", ...backend }, ...rest })] });
const inline = (stack: Synthesized, role: "plan" | "apply") => policiesOf(stack, `roles_${role}-role`);
const trustOf = (stack: Synthesized, role: "plan" | "apply") => {
  const { assume_role_policy } = stack.resource("aws_iam_role", `${role}-role`);
  const text = String(assume_role_policy).replace(
    /\$\{aws_iam_openid_connect_provider\.[^}]+\.arn\}/,
    "OIDC",
  );
  return JSON.parse(text);
};
/** The trust policy for tokens of the provider. */
const trust = (Condition: object) => ({
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { Federated: "OIDC" },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition,
    },
  ],
});

describe("the roles of a pipeline on GitHub", () => {
  const stack = synthesize();

  test("trust its tokens by an OpenID Connect provider", () => {
    expect(stack.resource("aws_iam_openid_connect_provider")).toEqual({
      url: "https://token.actions.githubusercontent.com",
      client_id_list: ["sts.amazonaws.com"],
    });
  });

  test("plan for pull requests and on main", () => {
    expect(trustOf(stack, "plan")).toEqual(
      trust({
        StringEquals: {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": [
            "repo:acme/dask:pull_request",
            "repo:acme/dask:ref:refs/heads/main",
          ],
        },
      }),
    );
  });

  test("apply in the environment", () => {
    expect(trustOf(stack, "apply")).toEqual(
      trust({
        StringEquals: {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": ["repo:acme/dask:environment:production"],
        },
      }),
    );
  });

  test("have names that they may not change, and sessions for a plan and for the longest deployment", () => {
    const roles = stack.resources("aws_iam_role").map(({ assume_role_policy: _, ...role }) => role);
    expect(roles).toEqual([
      {
        name: "cdktf-dask-apply",
        description: "runs of a pipeline that apply stacks of Dask clusters",
        max_session_duration: 14_400,
      },
      {
        name: "cdktf-dask-plan",
        description: "runs of a pipeline that plan stacks of Dask clusters",
        max_session_duration: 3600,
      },
    ]);
  });

  test("have the policies of iam/, and nothing else", () => {
    const policies = stack
      .resources("aws_iam_policy")
      .map(({ name, policy }) => [name, JSON.parse(String(policy))]);
    const file = (name: "plan" | "deploy-ec2" | "deploy-data-and-roles") =>
      JSON.parse(readFileSync(policyPath(name), "utf8"));
    expect(policies).toEqual([
      ["cdktf-dask-deploy-data-and-roles", file("deploy-data-and-roles")],
      ["cdktf-dask-deploy-ec2", file("deploy-ec2")],
      ["cdktf-dask-plan", file("plan")],
    ]);
    const attached = stack
      .resources("aws_iam_role_policy_attachment")
      .map(({ role, policy_arn }) => [
        /(plan|apply)-role/.exec(String(role))?.[1],
        /role_(plan|deploy-ec2|deploy-data-and-roles)_/.exec(String(policy_arn))?.[1],
      ]);
    expect(attached.sort()).toEqual([
      ["apply", "deploy-data-and-roles"],
      ["apply", "deploy-ec2"],
      ["plan", "plan"],
    ]);
    expect(stack.resources("aws_iam_role_policy")).toEqual([]);
  });

  test("are printed", () => {
    expect(stack.outputs).toEqual({
      plan_role: expect.stringMatching(/^\$\{aws_iam_role\.roles_plan-role_\w+\.arn\}$/),
      apply_role: expect.stringMatching(/^\$\{aws_iam_role\.roles_apply-role_\w+\.arn\}$/),
    });
  });
});

test("the roles of a pipeline on GitLab trust one project: all branches to plan, one to apply", () => {
  const stack = synthesize({ identity: GITLAB });
  expect(stack.resource("aws_iam_openid_connect_provider")).toEqual({
    url: "https://gitlab.com",
    client_id_list: ["sts.amazonaws.com"],
  });
  expect(trustOf(stack, "plan")).toEqual(
    trust({
      StringEquals: { "gitlab.com:aud": "sts.amazonaws.com" },
      StringLike: { "gitlab.com:sub": ["project_path:acme/data/dask:ref_type:branch:ref:*"] },
    }),
  );
  expect(trustOf(stack, "apply")).toEqual(
    trust({
      StringEquals: {
        "gitlab.com:aud": "sts.amazonaws.com",
        "gitlab.com:sub": ["project_path:acme/data/dask:ref_type:branch:ref:main"],
      },
    }),
  );
});

test("the roles of HCP Terraform trust the phases of one workspace", () => {
  const stack = synthesize({ identity: HCP });
  expect(stack.resource("aws_iam_openid_connect_provider")).toEqual({
    url: "https://app.terraform.io",
    client_id_list: ["aws.workload.identity"],
  });
  for (const role of ["plan", "apply"] as const)
    expect(trustOf(stack, role)).toEqual(
      trust({
        StringEquals: {
          "app.terraform.io:aud": "aws.workload.identity",
          "app.terraform.io:sub": [`organization:acme:project:Data:workspace:production:run_phase:${role}`],
        },
      }),
    );
});

describe("states in S3", () => {
  const BUCKET = "arn:PARTITION:s3:::states";
  const STATE = `${BUCKET}/cdktf-dask/test.tfstate`;
  const BACKUP = `${BUCKET}/cdktf-dask/test--backup.tfstate`;

  test("are read for a plan, without their lock", () => {
    expect(inline(withState({}), "plan")).toEqual({
      clusters: allowing(
        { Sid: "ListStates", Action: "s3:ListBucket", Resource: [BUCKET] },
        { Sid: "ReadStates", Action: "s3:GetObject", Resource: [STATE] },
      ),
    });
  });

  test("are written and locked to apply, also that of the backups", () => {
    expect(inline(withState({}, { backup: {} }), "apply")).toEqual({
      clusters: allowing(
        { Sid: "ListStates", Action: "s3:ListBucket", Resource: [BUCKET] },
        { Sid: "WriteStates", Action: ["s3:GetObject", "s3:PutObject"], Resource: [STATE, BACKUP] },
        {
          Sid: "LockStates",
          Action: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
          Resource: [`${STATE}.tflock`, `${BACKUP}.tflock`],
        },
      ),
    });
  });

  test("of several clusters are listed once for each bucket, under their own keys", () => {
    const clusters = [
      define({ backend: { type: "s3", bucket: "states" } }),
      define({ name: "other", backend: { type: "s3", bucket: "states", key: "other/state" } }),
      define({ name: "local" }),
      define({ name: "existing", backend: { type: "s3", bucket: "more" }, backup: { bucket: "backups" } }),
    ];
    expect(inline(synthesize({ clusters }), "plan")).toEqual({
      clusters: allowing(
        { Sid: "ListStates", Action: "s3:ListBucket", Resource: [BUCKET, "arn:PARTITION:s3:::more"] },
        {
          Sid: "ReadStates",
          Action: "s3:GetObject",
          Resource: [STATE, `${BUCKET}/other/state`, "arn:PARTITION:s3:::more/cdktf-dask/existing.tfstate"],
        },
      ),
    });
  });

  const viaS3 = { StringEquals: { "kms:ViaService": "s3.eu-west-1.SUFFIX" } };
  const key = `arn:PARTITION:kms:eu-west-1:ACCOUNT:key`;
  const byAlias = {
    Resource: `${key}/*`,
    Condition: { ...viaS3, "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/states" } },
  };
  test.each<[string, string, object]>([
    ["an id", KEY_ID, { Resource: `${key}/${KEY_ID}`, Condition: viaS3 }],
    [
      "an ARN",
      `arn:aws:kms:eu-west-1:123456789012:key/${KEY_ID}`,
      { Resource: `arn:aws:kms:eu-west-1:123456789012:key/${KEY_ID}`, Condition: viaS3 },
    ],
    ["an alias", "alias/states", byAlias],
    ["the ARN of an alias", "arn:aws:kms:eu-west-1:123456789012:alias/states", byAlias],
  ])("are decrypted for a plan through S3 only, with %s of a key: %s", (_, kmsKeyId, statement) => {
    const { clusters } = inline(withState({ region: "eu-west-1", kmsKeyId }), "plan");
    expect(clusters).toMatchObject({
      Statement: [{}, {}, { Effect: "Allow", Action: "kms:Decrypt", ...statement }],
    });
  });

  test("of the roles is under the name of the first cluster, and the roles cannot read it", () => {
    const stack = withState({});
    expect(stack.terraform.backend).toEqual({
      s3: {
        bucket: "states",
        key: "cdktf-dask/test--pipeline.tfstate",
        region: "eu-central-1",
        encrypt: true,
        use_lockfile: true,
      },
    });
    expect(JSON.stringify(inline(stack, "apply"))).not.toContain("--pipeline");
  });
});

test("what definitions name outside of dask-* is granted: artifact buckets, and parameters with AMIs", () => {
  const stack = synthesize({
    clusters: [
      define({
        artifactBucket: "artifacts",
        pools: [{ name: "cpu", kind: "cpu", image: { ssmParameter: "/company/ami" } }],
      }),
    ],
  });
  const bucket = "arn:PARTITION:s3:::artifacts";
  expect(inline(stack, "plan")).toEqual({
    clusters: allowing(
      { Action: "s3:ListBucket", Resource: [bucket] },
      { Action: ["s3:GetObject", "s3:GetObjectTagging"], Resource: [`${bucket}/bundles/*`] },
    ),
  });
  expect(inline(stack, "apply")).toEqual({
    clusters: allowing(
      { Action: ["s3:ListBucket", "s3:ListBucketVersions"], Resource: [bucket] },
      {
        Action: [
          ...["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectTagging"],
          ...["s3:PutObject", "s3:PutObjectTagging"],
        ],
        Resource: [`${bucket}/bundles/*`],
      },
      {
        Action: "ssm:GetParameters",
        Resource: ["arn:PARTITION:ssm:eu-central-1:ACCOUNT:parameter/company/ami"],
      },
    ),
  });
});

test("an existing provider is used", () => {
  const stack = synthesize({ providerArn: PROVIDER });
  expect(stack.resources("aws_iam_openid_connect_provider")).toEqual([]);
  expect(trustOf(stack, "apply").Statement[0].Principal).toEqual({ Federated: PROVIDER });
});

test("a provider of the same stack is used, for which no ARN is known yet", () => {
  const stack = Synthesized.of((scope) => {
    const { arn } = new IamOpenidConnectProvider(scope, "github", {
      url: "https://token.actions.githubusercontent.com",
      clientIdList: ["sts.amazonaws.com"],
    });
    new PipelineRoles(scope, "roles", { clusters: [define()], identity: GITHUB, providerArn: arn });
  });
  expect(stack.resources("aws_iam_openid_connect_provider")).toHaveLength(1);
  expect(trustOf(stack, "plan").Statement[0].Principal).toEqual({ Federated: "OIDC" });
});

test("both roles have the permissions boundary and the name that are given", () => {
  const boundary = "arn:aws:iam::123456789012:policy/boundary";
  const roles = synthesize({ permissionsBoundary: boundary, name: "research" }).resources("aws_iam_role");
  expect(roles).toMatchObject([
    { name: "research-apply", permissions_boundary: boundary },
    { name: "research-plan", permissions_boundary: boundary },
  ]);
});

test("permissions can be added", () => {
  const app = testApp();
  const stack = new PipelineStack(app, "pipeline", { clusters: [define()], identity: GITHUB });
  const { applyRole } = stack.roles;
  const statement = { Action: "iam:PutRolePermissionsBoundary", Resource: "arn:aws:iam::*:role/dask-*" };
  const another = {
    Action: "kms:ListGrants",
    Resource: `arn:aws:kms:eu-central-1:123456789012:key/${KEY_ID}`,
  };
  applyRole.addToPolicy(statement);
  applyRole.addToPolicy(another);
  applyRole.addManagedPolicy("arn:aws:iam::123456789012:policy/more");
  applyRole.addManagedPolicy("arn:aws:iam::123456789012:policy/more");
  const synthesized = new Synthesized(stack);
  expect(inline(synthesized, "apply")).toEqual({ added: allowing(statement, another) });
  const arns = synthesized
    .resources("aws_iam_role_policy_attachment")
    .map(({ policy_arn }) => readArn(policy_arn));
  expect(arns.filter((arn) => arn.endsWith("policy/more"))).toHaveLength(1);
});

test("inline policies that IAM rejects as too large fail the synthesis", () => {
  const stack = new PipelineStack(testApp(), "pipeline", { clusters: [define()], identity: GITHUB });
  stack.roles.planRole.addToPolicy({
    Action: "s3:GetObject",
    Resource: Array.from({ length: 200 }, (_, index) => `arn:aws:s3:::bucket/${"x".repeat(60)}/${index}`),
  });
  expect(() => new Synthesized(stack)).toThrow(
    /inline policies: got up to \d+ characters, expected at most 10240 .* Hint: move statements to addManagedPolicy/,
  );
});

test("the stack needs no provider but that of AWS, and tags of the first cluster", () => {
  const stack = synthesize({ clusters: [define({ tags: { team: "data" } })] });
  expect(stack.terraform.required_providers).toEqual({
    aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" },
  });
  expect(stack.provider("aws")).toEqual({
    region: "eu-central-1",
    default_tags: [{ tags: { team: "data" } }],
  });
});

test.each([
  [{ identity: { ...GITHUB, repository: "acme/*" } }, "identity.repository", "acme/*"],
  [{ clusters: [] }, "clusters", []],
  [{ name: "dask-pipeline" }, "name", "dask-pipeline"],
  [
    { clusters: [define(), define({ backend: { type: "s3", bucket: "dask-states" } })] },
    "clusters[1].backend.bucket",
    "dask-states",
  ],
])("rejects %j before anything is written", (props, path, value) => {
  expect(issuesIn(() => synthesize(props))).toMatchObject([{ path, value }]);
});
