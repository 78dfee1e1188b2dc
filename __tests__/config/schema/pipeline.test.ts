import type { PipelineDefinition, PipelineIdentity } from "../../../lib/config/definition";
import { checkPipeline, trustOf } from "../../../lib/config/pipeline";
import { issuesIn } from "../issues-of";

const GITHUB = { type: "github", repository: "acme/dask", environments: ["production"] } as const;
const GITLAB = { type: "gitlab", project: "acme/dask" } as const;
const HCP = { type: "hcp", organization: "acme", workspaces: ["production"] } as const;

const issuesOf = (definition: object) =>
  issuesIn(() => checkPipeline("roles", definition as PipelineDefinition));

/** A valid definition, and an invalid field of its identity with the path of the issue. */
const REJECTED: readonly (readonly [PipelineIdentity, object, string])[] = [
  ...[
    ...["*", "acme/*", "*/dask", "acme/da*", "acme/das?", "acme", "acme/dask/x", "acme/", "/dask", ""],
    ...["acme/dask:ref", "repo:acme/dask", "https://github.com/acme/dask", "acme/dask ", "acme/${x}"],
    ...["acme@1/dask", "acme/dask@1", "acme@*/dask@2", "acme@1/dask@2x"],
  ].map((repository) => [GITHUB, { repository }, "identity.repository"] as const),
  ...["*", "prod*", "pro?", "a b", "a:b", "a/b", ""].map(
    (environment) => [GITHUB, { environments: [environment] }, "identity.environments[0]"] as const,
  ),
  [GITHUB, { environments: [] }, "identity.environments"],
  ...["*", "release/*", "re?", "refs/heads/main", "a b", "main:x", ""].flatMap((branch) => [
    [GITHUB, { branch }, "identity.branch"] as const,
    [GITLAB, { branch }, "identity.branch"] as const,
  ]),
  ...["*", "acme/*", "acme", "acme//dask", "/acme/dask", "acme/dask/", "acme/da?k", "acme/a:b", ""].map(
    (project) => [GITLAB, { project }, "identity.project"] as const,
  ),
  ...[
    "http://gitlab.com",
    "gitlab.com",
    "https://*.acme.com",
    "https://gitlab.com/",
    "https://x.com:8443",
  ].map((url) => [GITLAB, { url }, "identity.url"] as const),
  ...["*", "a b", ""].map((audience) => [GITLAB, { audience }, "identity.audience"] as const),
  ...["*", "acme*", "a b", ""].map(
    (organization) => [HCP, { organization }, "identity.organization"] as const,
  ),
  ...["*", "prod-*", "a b", "a:b", ""].map(
    (workspace) => [HCP, { workspaces: [workspace] }, "identity.workspaces[0]"] as const,
  ),
  [HCP, { workspaces: [] }, "identity.workspaces"],
  ...["*", "Data *", "a:b", "ab", " data"].map((project) => [HCP, { project }, "identity.project"] as const),
  ...["*", "*.terraform.io", "https://app.terraform.io"].map(
    (hostname) => [HCP, { hostname }, "identity.hostname"] as const,
  ),
];

describe("the identity of a pipeline", () => {
  test.each(REJECTED)("%j rejects %j", (identity, field, path) => {
    expect(issuesOf({ identity: { ...identity, ...field } })).toMatchObject([{ path }]);
  });

  test.each([
    GITHUB,
    { ...GITHUB, repository: "acme-inc_corp/dask.clusters_2" },
    { ...GITHUB, repository: "acme@123456/dask@456789" },
    { ...GITHUB, branch: "release/2.x", environments: ["production", "dev.eu_1"] },
    GITLAB,
    { ...GITLAB, project: "acme/data/dask.clusters", branch: "trunk", url: "https://gitlab.acme.com" },
    { ...GITLAB, audience: "https://gitlab.com" },
    HCP,
    { ...HCP, project: "Data Platform", workspaces: ["production", "production--backup"] },
    { ...HCP, hostname: "tfe.acme.com" },
  ])("accepts %j", (identity) => {
    expect(issuesOf({ identity })).toEqual([]);
  });

  test("a wildcard is reported with path, value, expected value and hint", () => {
    expect(() => checkPipeline("roles", { identity: { ...GITHUB, repository: "acme/*" } })).toThrow(
      "definition of pipeline roles 'roles' has 1 issue:\n" +
        '  identity.repository: got "acme/*", expected OWNER/REPOSITORY, or OWNER@ID/REPOSITORY@ID with immutable ' +
        "subject claims, without * and ?. Hint: name one repository: a wildcard would let the runs of others assume the roles",
    );
  });

  test("all issues are reported together", () => {
    const issues = issuesOf({
      identity: { ...GITHUB, repository: "*", branch: "*", environments: ["*"] },
      name: "dask-roles",
      providerArn: "provider",
      permissionsBoundary: "boundary",
    });
    expect(issues.map(({ path }) => path)).toEqual([
      ...["identity.repository", "identity.environments[0]", "identity.branch"],
      ...["name", "providerArn", "permissionsBoundary"],
    ]);
  });

  test("an unknown CI system is rejected", () => {
    expect(issuesOf({ identity: { type: "jenkins" } })).toMatchObject([
      { path: "identity.type", expected: "a known type; see the definition's types" },
    ]);
  });
});

test.each(["dask-ci", "dask-", "a b", "x".repeat(41), "", "*"])("rejects the name %p of roles", (name) => {
  expect(issuesOf({ identity: GITHUB, name })).toMatchObject([{ path: "name", value: name }]);
});

test("an existing provider has to be that of the CI system", () => {
  const of = (host: string) => `arn:aws:iam::123456789012:oidc-provider/${host}`;
  const github = of("token.actions.githubusercontent.com");
  expect(issuesOf({ identity: GITHUB, providerArn: github })).toEqual([]);
  expect(issuesOf({ identity: GITLAB, providerArn: of("gitlab.com") })).toEqual([]);
  expect(issuesOf({ identity: HCP, providerArn: of("app.terraform.io") })).toEqual([]);
  expect(issuesOf({ identity: GITLAB, providerArn: github })).toEqual([
    {
      path: "providerArn",
      value: github,
      expected: "the provider of the identity, which ends with oidc-provider/gitlab.com",
      hint: "name that provider, or remove providerArn to create it",
    },
  ]);
});

test("the runs of GitHub plan for pull requests and on the branch, and apply in the environments", () => {
  expect(trustOf({ ...GITHUB, branch: "trunk", environments: ["development", "production"] })).toEqual({
    issuer: "token.actions.githubusercontent.com",
    audience: "sts.amazonaws.com",
    plan: ["repo:acme/dask:pull_request", "repo:acme/dask:ref:refs/heads/trunk"],
    apply: ["repo:acme/dask:environment:development", "repo:acme/dask:environment:production"],
  });
});

test("the jobs of GitLab plan on all branches of the project, and apply on one", () => {
  expect(trustOf({ ...GITLAB, url: "https://gitlab.acme.com", audience: "aws" })).toEqual({
    issuer: "gitlab.acme.com",
    audience: "aws",
    plan: ["project_path:acme/dask:ref_type:branch:ref:*"],
    apply: ["project_path:acme/dask:ref_type:branch:ref:main"],
  });
});

test("the runs of HCP Terraform plan and apply in their phases", () => {
  expect(trustOf({ ...HCP, project: "Data", workspaces: ["a", "b"] })).toEqual({
    issuer: "app.terraform.io",
    audience: "aws.workload.identity",
    plan: [
      "organization:acme:project:Data:workspace:a:run_phase:plan",
      "organization:acme:project:Data:workspace:b:run_phase:plan",
    ],
    apply: [
      "organization:acme:project:Data:workspace:a:run_phase:apply",
      "organization:acme:project:Data:workspace:b:run_phase:apply",
    ],
  });
});
