import { join } from "node:path";
import { App } from "cdktf";
import { PipelineStack } from "../../lib/aws/pipeline-stack";
import { defineCluster } from "../../lib/config/define";
import { describeWithTerraform } from "../support/terraform/suite";
import { PROVIDER_VERSIONS, type TerraformBench, terraformBench } from "../support/terraform/terraform";
import { changes, Workspace } from "../support/terraform/workspace";

const MINUTE = 60_000;
jest.setTimeout(8 * MINUTE);

const REGION = "eu-central-1";
const IDENTITIES = {
  github: { type: "github", repository: "acme/dask", environments: ["production"] },
  gitlab: { type: "gitlab", project: "acme/dask" },
  hcp: { type: "hcp", organization: "acme", workspaces: ["production"] },
} as const;
type Name = keyof typeof IDENTITIES;
const NAMES = Object.keys(IDENTITIES) as Name[];

/** Host of the tokens, audience, and the subjects of the role that applies. */
const APPLY = {
  github: [
    "token.actions.githubusercontent.com",
    "sts.amazonaws.com",
    ["repo:acme/dask:environment:production"],
  ],
  gitlab: ["gitlab.com", "sts.amazonaws.com", ["project_path:acme/dask:ref_type:branch:ref:main"]],
  hcp: [
    "app.terraform.io",
    "aws.workload.identity",
    ["organization:acme:project:Default Project:workspace:production:run_phase:apply"],
  ],
} as const;

/** Two clusters with states in one bucket. */
const clusters = ["development", "production"].map((name) =>
  defineCluster({
    name,
    region: REGION,
    network: { adminSubnets: ["10.0.0.0/16"] },
    backend: { type: "s3", bucket: "states" },
  }),
);

describeWithTerraform("the roles of pipelines, by real Terraform on the mock AWS", () => {
  let bench: TerraformBench;
  const workspaces = {} as Record<Name, Workspace>;

  const iam = <Answer>(operation: string, parameters: object = {}): Answer =>
    bench.mockAws.call<Answer>(REGION, "iam", operation, parameters);
  const role = (RoleName: string) =>
    iam<{ Role: { Arn: string; MaxSessionDuration: number; AssumeRolePolicyDocument: unknown } }>(
      "get_role",
      {
        RoleName,
      },
    ).Role;
  const attached = (RoleName: string) =>
    iam<{ AttachedPolicies: { PolicyName: string }[] }>("list_attached_role_policies", { RoleName })
      .AttachedPolicies.map(({ PolicyName }) => PolicyName)
      .sort();

  beforeAll(async () => {
    bench = await terraformBench("pipeline");
    const app = new App({ outdir: join(bench.scratch, "cdktf.out") });
    for (const name of NAMES)
      new PipelineStack(app, name, { clusters, identity: IDENTITIES[name], name: `cdktf-dask-${name}` });
    app.synth();
    for (const name of NAMES)
      workspaces[name] = new Workspace(
        name,
        join(app.outdir, "stacks", name),
        join(bench.logs, `${name}.log`),
        PROVIDER_VERSIONS,
      );
  }, 20 * MINUTE);

  afterAll(async () => bench?.close(), MINUTE);

  describe.each(NAMES)("%s", (name) => {
    test.each(["newer", "terraform"] as const)("is valid for the Terraform called %s", async (which) => {
      expect(await workspaces[name].validate(bench[which])).toMatchObject({ valid: true, diagnostics: [] });
    });

    test("is applied, and has an empty second plan", async () => {
      await workspaces[name].apply(bench.terraform);
      expect(changes(await workspaces[name].plan(bench.terraform))).toEqual([]);
    });

    test("has a provider for the issuer, and roles that trust its tokens only", () => {
      const [issuer, audience, subjects] = APPLY[name];
      const OpenIDConnectProviderArn = `arn:aws:iam::123456789012:oidc-provider/${issuer}`;
      expect(iam("get_open_id_connect_provider", { OpenIDConnectProviderArn })).toMatchObject({
        Url: issuer,
        ClientIDList: [audience],
      });
      expect(role(`cdktf-dask-${name}-apply`)).toMatchObject({
        MaxSessionDuration: 14_400,
        AssumeRolePolicyDocument: {
          Statement: [
            {
              Principal: { Federated: OpenIDConnectProviderArn },
              Action: "sts:AssumeRoleWithWebIdentity",
              Condition: { StringEquals: { [`${issuer}:aud`]: audience, [`${issuer}:sub`]: subjects } },
            },
          ],
        },
      });
      expect(role(`cdktf-dask-${name}-plan`)).toMatchObject({ MaxSessionDuration: 3600 });
    });

    test("has the policies of iam/ attached to their role", () => {
      const beginning = `cdktf-dask-${name}`;
      expect(attached(`${beginning}-plan`)).toEqual([`${beginning}-plan`]);
      expect(attached(`${beginning}-apply`)).toEqual([
        `${beginning}-deploy-data-and-roles`,
        `${beginning}-deploy-ec2`,
      ]);
    });

    test("is destroyed", async () => {
      await workspaces[name].destroy(bench.terraform);
      expect(await workspaces[name].resources(bench.terraform)).toEqual([]);
    });
  });
});
