import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { App, type TerraformStack } from "cdktf";
import { baked } from "../../environments/baked";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { BackupStack } from "../../lib/aws/backup-stack";
import { PipelineStack } from "../../lib/aws/pipeline-stack";
import { defineCluster } from "../../lib/config/define";
import { packageRoot } from "../../lib/node/package-file";
import { INSTALL_TIMEOUT } from "../support/python-environment";
import { addressOf, evaluate, type PolicyReport } from "./gate";
import { suppressionList, writeList, writtenList } from "./suppression-list";

const EXAMPLES = { baked, development, production };

/** Settings that no example has: endpoints without NAT, SSH, deletion protection, state in S3; no TLS; data in S3; backups. */
const OTHERS = {
  secluded: defineCluster({
    name: "secluded",
    region: "eu-central-1",
    network: { adminSubnets: ["10.0.0.0/16"], nat: "none", endpoints: true },
    scheduler: { image: { amiId: "ami-0123456789abcdef0" } },
    ssh: { keyName: "administrators" },
    deletionProtection: true,
    backend: { type: "s3", bucket: "state" },
    pools: [{ name: "cpu", kind: "cpu", image: { amiId: "ami-0123456789abcdef0" } }],
  }),
  isolated: defineCluster({
    name: "isolated",
    region: "eu-central-1",
    network: { adminSubnets: ["10.0.0.0/16"] },
    tls: false,
    pools: [{ name: "cpu", kind: "cpu" }],
  }),
  data: defineCluster({
    name: "data",
    region: "eu-central-1",
    network: { adminSubnets: ["10.0.0.0/16"] },
    data: {
      read: ["s3://company-lake/raw", "s3://company-models"],
      kmsKeys: ["arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-4234-9234-12345678abcd"],
    },
    managedPolicies: ["arn:aws:iam::123456789012:policy/read-tables"],
    permissionsBoundary: "arn:aws:iam::123456789012:policy/boundary",
    pools: [
      { name: "cpu", kind: "cpu", data: { write: ["s3://company-lake/results", "s3://company-scratch"] } },
    ],
  }),
};

const BACKED_UP = defineCluster({
  name: "kept",
  region: "eu-central-1",
  network: { adminSubnets: ["10.0.0.0/16"] },
  backup: { retentionDays: 90 },
});

/** The roles of a pipeline, for each CI system. */
const IDENTITIES = {
  github: { type: "github", repository: "acme/dask", environments: ["production"] },
  gitlab: { type: "gitlab", project: "acme/dask" },
  hcp: { type: "hcp", organization: "acme", workspaces: ["production"] },
} as const;

const CLUSTERS = { ...EXAMPLES, ...OTHERS, kept: BACKED_UP };
type Name = keyof typeof CLUSTERS | "kept-backup" | keyof typeof IDENTITIES;
const NAMES = [...Object.keys(CLUSTERS), "kept-backup", ...Object.keys(IDENTITIES)] as Name[];

/** Checks of the contents of policies, which Checkov skips in Terraform's JSON unless policies are parsed. */
const POLICY_CHECKS = [286, 287, 288, 289, 290, 355].map((number) => `CKV_AWS_${number}`);

let scratch: string;
const stacks = {} as Record<Name, TerraformStack>;
const reports = {} as Record<Name, PolicyReport>;

beforeAll(async () => {
  mkdirSync(join(packageRoot(), ".test"), { recursive: true });
  scratch = mkdtempSync(join(packageRoot(), ".test", "policy-"));
  const app = new App({ outdir: scratch });
  stacks["kept-backup"] = new BackupStack(app, "kept-backup", { cluster: BACKED_UP });
  for (const [name, identity] of Object.entries(IDENTITIES))
    stacks[name as Name] = new PipelineStack(app, name, {
      clusters: [OTHERS.secluded, BACKED_UP],
      identity,
    });
  for (const [name, cluster] of Object.entries(CLUSTERS))
    stacks[name as Name] = new AwsStack(app, name, { cluster });
  app.synth();
  await Promise.all(
    NAMES.map(async (name) => {
      reports[name] = await evaluate(stacks[name], scratch);
    }),
  );
}, 2 * INSTALL_TIMEOUT);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("every example environment on AWS is checked, except the template, which has no lockfile", () => {
  const environments = readdirSync(join(packageRoot(), "environments"));
  expect(environments.sort()).toEqual(
    [...Object.keys(EXAMPLES), "local", "template"].map((name) => `${name}.ts`).sort(),
  );
});

describe.each(NAMES)("%s", (name) => {
  test("fails no check without a suppression", () => {
    expect(reports[name].failed).toEqual([]);
  });

  test("needs each of its suppressions", () => {
    expect(reports[name].stale).toEqual([]);
  });

  test("has verdicts about the contents of every policy", () => {
    const policies = stacks[name].node
      .findAll()
      .filter((construct) => construct instanceof IamRolePolicy || construct instanceof IamPolicy);
    const wanted = policies.flatMap((policy) =>
      POLICY_CHECKS.map((check) => `${check} ${addressOf(policy)}`),
    );
    // The stack of the backups has no role.
    if (name !== "kept-backup") expect(wanted.length).toBeGreaterThan(0);
    const given = reports[name].verdicts.map(({ check, element }) => `${check} ${addressOf(element)}`);
    expect(wanted.filter((pair) => !given.includes(pair))).toEqual([]);
  });
});

test("the docs list every suppression: npm run policy:docs writes them", () => {
  const lines = suppressionList(Object.values(reports));
  if (process.env.POLICY_DOCS === "write") writeList(lines);
  expect(writtenList()).toBe(lines);
});
