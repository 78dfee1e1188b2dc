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
import { addressOf, type Judgement, judge } from "./gate";

/** A fault that the gate has to see, and the same resource without it. */
type Case = readonly [
  what: string,
  check: string,
  build: (scope: Construct, sound: boolean) => TerraformResource,
];

const ACCOUNT = "arn:aws:any:eu-central-1:111122223333";
const KEY = `${ACCOUNT}:key/00000000-0000-0000-0000-000000000000`;

const policy = (statement: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });

const rolePolicy = (scope: Construct, Action: string, Resource: string) =>
  new IamRolePolicy(scope, "policy", { role: "machine", policy: policy({ Action, Resource }) });

const CASES: readonly Case[] = [
  [
    "a port for SSH that is open to the world",
    "CKV_AWS_24",
    (scope, sound) =>
      new VpcSecurityGroupIngressRule(scope, "rule", {
        securityGroupId: "sg-1",
        ipProtocol: "tcp",
        fromPort: 22,
        toPort: 22,
        cidrIpv4: sound ? "10.0.0.0/16" : "0.0.0.0/0",
      }),
  ],
  [
    "a volume that is not encrypted",
    "CKV_AWS_3",
    (scope, sound) =>
      new EbsVolume(scope, "volume", { availabilityZone: "eu-central-1a", size: 1, encrypted: sound }),
  ],
  [
    "a machine whose disk is not encrypted",
    "CKV_AWS_8",
    (scope, sound) => new Instance(scope, "machine", { rootBlockDevice: { encrypted: sound } }),
  ],
  [
    "a machine with a public address",
    "CKV_AWS_88",
    (scope, sound) => new Instance(scope, "machine", { associatePublicIpAddress: !sound }),
  ],
  [
    "machines that answer the first version of the metadata service",
    "CKV_AWS_79",
    (scope, sound) =>
      new LaunchTemplate(scope, "template", {
        metadataOptions: { httpEndpoint: "enabled", httpTokens: sound ? "required" : "optional" },
      }),
  ],
  [
    "a role that ends every machine",
    "CKV_AWS_290",
    (scope, sound) => rolePolicy(scope, "ec2:TerminateInstances", sound ? `${ACCOUNT}:instance/i-1` : "*"),
  ],
  [
    "a role that reads every secret",
    "CKV_AWS_288",
    (scope, sound) =>
      rolePolicy(scope, "secretsmanager:GetSecretValue", sound ? `${ACCOUNT}:secret:one` : "*"),
  ],
  [
    "a role that may raise itself",
    "CKV_AWS_286",
    (scope, sound) => rolePolicy(scope, sound ? "iam:GetRole" : "iam:*", "*"),
  ],
  [
    "a role without an end to its resources",
    "CKV_AWS_355",
    (scope, sound) => rolePolicy(scope, "ssm:GetParameter", sound ? `${ACCOUNT}:parameter/one` : "*"),
  ],
  [
    "a key that everyone may use",
    "CKV_AWS_33",
    (scope, sound) =>
      new KmsKey(scope, "key", {
        policy: policy({
          Action: "kms:*",
          Resource: "*",
          Principal: { AWS: sound ? "arn:aws:iam::111122223333:root" : "*" },
        }),
      }),
  ],
  [
    "a key that is never rotated",
    "CKV_AWS_7",
    (scope, sound) => new KmsKey(scope, "key", { enableKeyRotation: sound }),
  ],
  [
    "a secret under no key of ours",
    "CKV_AWS_149",
    (scope, sound) => new SecretsmanagerSecret(scope, "secret", sound ? { kmsKeyId: KEY } : {}),
  ],
  [
    "a log under no key of ours",
    "CKV_AWS_158",
    (scope, sound) => new CloudwatchLogGroup(scope, "log", sound ? { kmsKeyId: KEY } : {}),
  ],
  [
    "a network whose traffic is not logged: a check that follows references",
    "CKV2_AWS_11",
    (scope, sound) => {
      const vpc = new Vpc(scope, "network", { cidrBlock: "10.0.0.0/16" });
      if (sound) new FlowLog(scope, "log", { vpcId: vpc.id, trafficType: "ALL", logDestination: KEY });
      return vpc;
    },
  ],
];

describe("a deliberately bad stack", () => {
  let scratch: string;
  let judgement: Judgement;
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
      for (const sound of [true, false]) {
        const scope = new Construct(stack, `${sound ? "sound" : "faulty"}-${check}`);
        resources.set(scope.node.id, build(scope, sound));
      }
    for (const [name, sound] of [
      ["suppressed", false],
      ["stale", true],
    ] as const) {
      const key = new KmsKey(stack, name, { enableKeyRotation: sound });
      suppress(key, "CKV_AWS_7", "it lives for a test");
      resources.set(name, key);
    }
    app.synth();
    judgement = await judge(stack, scratch);
  }, 2 * INSTALL_TIMEOUT);

  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  test.each(CASES)("%s fails %s, and passes once mended", (_, check) => {
    const faulty = addressOf(resources.get(`faulty-${check}`));
    const sound = resources.get(`sound-${check}`);
    expect(judgement.failed).toContainEqual(expect.stringContaining(`${check} ${faulty}: `));
    expect(judgement.failed).not.toContainEqual(expect.stringContaining(`${check} ${addressOf(sound)}: `));
    expect(judgement.verdicts).toContainEqual(
      expect.objectContaining({ check, element: sound, passed: true }),
    );
  });

  test("a suppression excuses its resource from its check, and from no other", () => {
    const address = addressOf(suppressed());
    expect(judgement.suppressed).toMatchObject([{ check: "CKV_AWS_7", resource: suppressed() }]);
    expect(judgement.failed.filter((line) => line.includes(address))).toEqual([
      `CKV2_AWS_64 ${address}: Ensure KMS key Policy is defined`,
    ]);
  });

  test("a suppression that nothing needs is a fault", () => {
    expect(judgement.stale).toEqual([`CKV_AWS_7 ${addressOf(stale())}: suppressed, and not failed`]);
  });

  test("no suppression reaches Terraform", () => {
    expect(JSON.stringify(TerraformStack.of(suppressed()).toTerraform())).not.toContain(
      "it lives for a test",
    );
  });
});
