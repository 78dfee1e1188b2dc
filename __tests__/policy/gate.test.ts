import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { EbsVolume } from "@cdktf/provider-aws/lib/ebs-volume";
import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Instance } from "@cdktf/provider-aws/lib/instance";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
import { App, type TerraformResource, TerraformStack } from "cdktf";
import { Construct } from "constructs";
import { suppress } from "../../lib/aws/account/suppression";
import { packageRoot } from "../../lib/node/package-file";
import { INSTALL_TIMEOUT } from "../support/python-environment";
import { addressOf, evaluate, type PolicyReport } from "./gate";

/** A misconfiguration that the gate has to report, and the same resource without it. */
type Case = readonly [
  what: string,
  check: string,
  build: (scope: Construct, fixed: boolean) => TerraformResource,
];

const ACCOUNT = "arn:aws:any:eu-central-1:111122223333";
const KEY = `${ACCOUNT}:key/00000000-0000-0000-0000-000000000000`;

const policy = (statement: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });

const rolePolicy = (scope: Construct, Action: string, Resource: string) =>
  new IamRolePolicy(scope, "policy", { role: "instance", policy: policy({ Action, Resource }) });

const CASES: readonly Case[] = [
  [
    "a port for SSH that is open to the Internet",
    "CKV_AWS_24",
    (scope, fixed) =>
      new VpcSecurityGroupIngressRule(scope, "rule", {
        securityGroupId: "sg-1",
        ipProtocol: "tcp",
        fromPort: 22,
        toPort: 22,
        cidrIpv4: fixed ? "10.0.0.0/16" : "0.0.0.0/0",
      }),
  ],
  [
    "a volume that is not encrypted",
    "CKV_AWS_3",
    (scope, fixed) =>
      new EbsVolume(scope, "volume", { availabilityZone: "eu-central-1a", size: 1, encrypted: fixed }),
  ],
  [
    "an instance whose disk is not encrypted",
    "CKV_AWS_8",
    (scope, fixed) => new Instance(scope, "instance", { rootBlockDevice: { encrypted: fixed } }),
  ],
  [
    "an instance with a public address",
    "CKV_AWS_88",
    (scope, fixed) => new Instance(scope, "instance", { associatePublicIpAddress: !fixed }),
  ],
  [
    "instances with IMDSv1",
    "CKV_AWS_79",
    (scope, fixed) =>
      new LaunchTemplate(scope, "template", {
        metadataOptions: { httpEndpoint: "enabled", httpTokens: fixed ? "required" : "optional" },
      }),
  ],
  [
    "a role that may terminate every instance",
    "CKV_AWS_290",
    (scope, fixed) => rolePolicy(scope, "ec2:TerminateInstances", fixed ? `${ACCOUNT}:instance/i-1` : "*"),
  ],
  [
    "a role that may read every secret",
    "CKV_AWS_288",
    (scope, fixed) =>
      rolePolicy(scope, "secretsmanager:GetSecretValue", fixed ? `${ACCOUNT}:secret:one` : "*"),
  ],
  [
    "a role that may escalate its privileges",
    "CKV_AWS_286",
    (scope, fixed) => rolePolicy(scope, fixed ? "iam:GetRole" : "iam:*", "*"),
  ],
  [
    "a role without constraints on resources",
    "CKV_AWS_355",
    (scope, fixed) => rolePolicy(scope, "ssm:GetParameter", fixed ? `${ACCOUNT}:parameter/one` : "*"),
  ],
  [
    "a key with public access",
    "CKV_AWS_33",
    (scope, fixed) =>
      new KmsKey(scope, "key", {
        policy: policy({
          Action: "kms:*",
          Resource: "*",
          Principal: { AWS: fixed ? "arn:aws:iam::111122223333:root" : "*" },
        }),
      }),
  ],
  [
    "a key that is never rotated",
    "CKV_AWS_7",
    (scope, fixed) => new KmsKey(scope, "key", { enableKeyRotation: fixed }),
  ],
  [
    "a secret without a customer managed key",
    "CKV_AWS_149",
    (scope, fixed) => new SecretsmanagerSecret(scope, "secret", fixed ? { kmsKeyId: KEY } : {}),
  ],
  [
    "a log group without a customer managed key",
    "CKV_AWS_158",
    (scope, fixed) => new CloudwatchLogGroup(scope, "log", fixed ? { kmsKeyId: KEY } : {}),
  ],
  [
    "a network whose traffic is not logged: a check that follows references",
    "CKV2_AWS_11",
    (scope, fixed) => {
      const vpc = new Vpc(scope, "network", { cidrBlock: "10.0.0.0/16" });
      if (fixed) new FlowLog(scope, "log", { vpcId: vpc.id, trafficType: "ALL", logDestination: KEY });
      return vpc;
    },
  ],
];

describe("a deliberately bad stack", () => {
  let scratch: string;
  let report: PolicyReport;
  const resources = new Map<string, TerraformResource>();
  const suppressed = () => resources.get("suppressed") as TerraformResource;
  const stale = () => resources.get("stale") as TerraformResource;

  beforeAll(async () => {
    mkdirSync(join(packageRoot(), ".test"), { recursive: true });
    scratch = mkdtempSync(join(packageRoot(), ".test", "policy-"));
    const app = new App({ outdir: scratch });
    const stack = new TerraformStack(app, "bad");
    new AwsProvider(stack, "aws", { region: "eu-central-1" });
    for (const [, check, build] of CASES)
      for (const fixed of [true, false]) {
        const scope = new Construct(stack, `${fixed ? "fixed" : "failing"}-${check}`);
        resources.set(scope.node.id, build(scope, fixed));
      }
    for (const [name, fixed] of [
      ["suppressed", false],
      ["stale", true],
    ] as const) {
      const key = new KmsKey(stack, name, { enableKeyRotation: fixed });
      suppress(key, "CKV_AWS_7", "it lives for a test");
      resources.set(name, key);
    }
    app.synth();
    report = await evaluate(stack, scratch);
  }, 2 * INSTALL_TIMEOUT);

  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test.each(CASES)("%s fails %s, and passes once fixed", (_, check) => {
    const failing = addressOf(resources.get(`failing-${check}`));
    const fixed = resources.get(`fixed-${check}`);
    expect(report.failed).toContainEqual(expect.stringContaining(`${check} ${failing}: `));
    expect(report.failed).not.toContainEqual(expect.stringContaining(`${check} ${addressOf(fixed)}: `));
    expect(report.verdicts).toContainEqual(expect.objectContaining({ check, element: fixed, passed: true }));
  });

  test("a suppression excuses its resource from its check, and from no other", () => {
    const address = addressOf(suppressed());
    expect(report.suppressed).toMatchObject([{ check: "CKV_AWS_7", resource: suppressed() }]);
    expect(report.failed.filter((line) => line.includes(address))).toEqual([
      `CKV2_AWS_64 ${address}: Ensure KMS key Policy is defined`,
    ]);
  });

  test("a suppression that nothing needs is reported", () => {
    expect(report.stale).toEqual([`CKV_AWS_7 ${addressOf(stale())}: suppressed, and not failed`]);
  });

  test("no suppression reaches Terraform", () => {
    expect(JSON.stringify(TerraformStack.of(suppressed()).toTerraform())).not.toContain(
      "it lives for a test",
    );
  });
});
