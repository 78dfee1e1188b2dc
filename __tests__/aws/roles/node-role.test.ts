import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import type { NodePlan } from "../../../lib/node/node-plan";
import { packageFile } from "../../../lib/node/package-file";
import { schedulerNode, worker } from "../../node/specs";
import { Synthesized } from "../../support/synthesized";
import { allowing, policiesOf, readPolicy, sessionManager } from "../policies";

const SECRETS = ["SECRET authority", "SECRET worker", "SECRET client", "SECRET dashboard"];

describe("the role of the scheduler", () => {
  const stack = synthesize();

  test("can be assumed only by EC2, and is named after cluster and region", () => {
    const { assume_role_policy, ...rest } = stack.resource("aws_iam_role", "scheduler-role");
    expect(rest).toEqual({
      name: "dask-test--scheduler--ap-southeast-2",
      description: "scheduler of the Dask cluster test",
      tags: { Name: "dask-test--scheduler--ap-southeast-2" },
    });
    expect(readPolicy(assume_role_policy)).toEqual(
      allowing({ Principal: { Service: "ec2.SUFFIX" }, Action: "sts:AssumeRole" }),
    );
  });

  test("has only these permissions", () => {
    expect(policiesOf(stack, "dask_scheduler-role")).toEqual({
      "session-manager": sessionManager("ap-southeast-2"),
      "read-bundle": reading(schedulerNode(cluster())),
      "tag-machines": tagging({
        "ec2:ResourceTag/dask:cluster": "test",
        "ec2:ResourceTag/dask:role": "scheduler",
      }),
      "write-logs": writingLogs("scheduler"),
      "read-signal": allowing({
        Action: "ssm:GetParameter",
        Resource: "arn:PARTITION:ssm:ap-southeast-2:ACCOUNT:parameter/dask/test/scheduler-signal",
      }),
      "read-expectation": allowing({
        Action: "s3:GetObject",
        Resource: "BUCKET/bundles/test.expectation.json",
      }),
      "scale-pools": allowing(
        { Action: "s3:GetObject", Resource: "BUCKET/bundles/test.autoscaler.json" },
        {
          Action: ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
          Resource: ["cpu", "gpu"].map(
            (pool) =>
              `arn:PARTITION:autoscaling:ap-southeast-2:ACCOUNT:autoScalingGroup:*:autoScalingGroupName/dask-test--${pool}`,
          ),
        },
      ),
      "describe-pools": allowing({
        Action: [
          "autoscaling:DescribeAutoScalingGroups",
          "autoscaling:DescribeScalingActivities",
          "ec2:DescribeInstances",
        ],
        Resource: "*",
      }),
      secrets: allowing({
        Action: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        Resource: SECRETS,
      }),
      "key-of-secrets": keyOf(SECRETS, ["kms:Decrypt", "kms:GenerateDataKey"]),
      "status-page": allowing(
        {
          Action: [
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeScalingActivities",
            "ec2:DescribeInstances",
          ],
          Resource: "*",
          Condition: { StringEquals: { "aws:RequestedRegion": "ap-southeast-2" } },
        },
        { Action: "pricing:GetProducts", Resource: "*" },
      ),
      "publish-alerts": allowing(
        { Action: "sns:Publish", Resource: "TOPIC" },
        {
          Action: ["kms:Decrypt", "kms:GenerateDataKey"],
          Resource: "KEY",
          Condition: {
            StringEquals: {
              "kms:ViaService": "sns.ap-southeast-2.SUFFIX",
              "kms:EncryptionContext:aws:sns:topicArn": "TOPIC",
            },
          },
        },
      ),
      "publish-heartbeat": allowing(
        {
          Action: "cloudwatch:PutMetricData",
          Resource: "*",
          Condition: { StringEquals: { "cloudwatch:namespace": "Dask/test" } },
        },
        {
          Action: ["cloudwatch:DescribeAlarms", "cloudwatch:EnableAlarmActions"],
          Resource: ["cpu", "gpu"].map(
            (pool) =>
              `arn:PARTITION:cloudwatch:ap-southeast-2:ACCOUNT:alarm:dask-test--${pool}--dead-man-switch`,
          ),
        },
      ),
    });
  });
});

describe("the role of a pool", () => {
  const stack = synthesize();

  test.each(["cpu", "gpu"])("%s has only these permissions", (pool) => {
    expect(stack.resource("aws_iam_role", `pool-roles_${pool}`).name).toBe(
      `dask-test--pool-${pool}--ap-southeast-2`,
    );
    expect(policiesOf(stack, `dask_pool-roles_${pool}`)).toEqual({
      "session-manager": sessionManager("ap-southeast-2"),
      "read-bundle": reading(worker(cluster(), pool)),
      "tag-machines": tagging({
        "ec2:ResourceTag/dask:cluster": "test",
        "ec2:ResourceTag/dask:role": "worker",
        "ec2:ResourceTag/dask:pool": pool,
      }),
      "write-logs": writingLogs(pool),
      "answer-launch-hook": allowing({
        Action: ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
        Resource: `arn:PARTITION:autoscaling:ap-southeast-2:ACCOUNT:autoScalingGroup:*:autoScalingGroupName/dask-test--${pool}`,
      }),
      secrets: allowing({ Action: ["secretsmanager:GetSecretValue"], Resource: ["SECRET worker"] }),
      "key-of-secrets": keyOf(["SECRET worker"], ["kms:Decrypt"]),
    });
  });

  test("is limited to instances by tags that the group propagates", () => {
    const { tag } = stack.resource("aws_autoscaling_group", "gpu") as {
      tag: readonly { key: string; value: string }[];
    };
    for (const [key, value] of [
      ["dask:cluster", "test"],
      ["dask:role", "worker"],
      ["dask:pool", "gpu"],
    ])
      expect(tag).toContainEqual({ key, value, propagate_at_launch: true });
  });
});

describe("environment variables with secrets", () => {
  const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shared-AbCdEf";
  const kmsKey = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
  const stack = synthesize({
    environmentVariables: { PASSWORD: { secretsManager: "prod/db", key: "password" }, PLAIN: "a" },
    pools: [
      { name: "cpu", kind: "cpu" },
      {
        name: "gpu",
        kind: "gpu",
        environmentVariables: {
          USER_NAME: { secretsManager: "prod/db", key: "user" },
          SHARED: { secretsManager: arn, kmsKey },
        },
      },
    ],
  });
  const ofDatabase = "arn:PARTITION:secretsmanager:ap-southeast-2:ACCOUNT:secret:prod/db-??????";

  test("allow reading these secrets only", () => {
    const one = allowing({ Action: "secretsmanager:GetSecretValue", Resource: [ofDatabase] });
    expect(policiesOf(stack, "dask_scheduler-role").variables).toEqual(one);
    expect(policiesOf(stack, "dask_pool-roles_cpu").variables).toEqual(one);
  });

  test("allow the use of their keys for these secrets only", () => {
    expect(policiesOf(stack, "dask_pool-roles_gpu").variables).toEqual(
      allowing(
        { Action: "secretsmanager:GetSecretValue", Resource: [ofDatabase, arn] },
        {
          Action: "kms:Decrypt",
          Resource: kmsKey,
          Condition: {
            StringEquals: { "kms:ViaService": "secretsmanager.us-east-1.SUFFIX" },
            StringLike: { "kms:EncryptionContext:SecretARN": [arn] },
          },
        },
      ),
    );
  });
});

describe("monitoring", () => {
  const workspaceId = "ws-01234567-89ab-cdef-0123-456789abcdef";

  test("with a workspace allows writing to it only", () => {
    const stack = synthesize({ monitoring: { remoteWrite: { workspaceId, region: "ap-southeast-1" } } });
    expect(policiesOf(stack, "dask_scheduler-role")["write-metrics"]).toEqual(
      allowing({
        Action: "aps:RemoteWrite",
        Resource: `arn:PARTITION:aps:ap-southeast-1:ACCOUNT:workspace/${workspaceId}`,
      }),
    );
  });

  test.each([
    ["false", false, []],
    ["a URL", { remoteWrite: { url: "https://metrics.example/write" } }, ["publish-alerts"]],
  ] as const)("%s allows nothing else", (_, monitoring, names) => {
    const policies = Object.keys(policiesOf(synthesize({ monitoring }), "dask_scheduler-role"));
    expect(policies.filter((name) => /alerts|metrics/.test(name))).toEqual(names);
  });
});

test("the autoscaler reads prices of spot instances only for a pool that has some", () => {
  const actions = (spotPercentage: number) => {
    const stack = synthesize({ pools: [{ name: "cpu", kind: "cpu", spotPercentage }] });
    return JSON.stringify(policiesOf(stack, "dask_scheduler-role")["describe-pools"]);
  };
  expect(actions(50)).toContain("ec2:DescribeSpotPriceHistory");
  expect(actions(0)).not.toContain("ec2:DescribeSpotPriceHistory");
});

describe("the status page", () => {
  const statements = (definition: Partial<ClusterDefinition>) => {
    const { Statement } = policiesOf(synthesize(definition), "dask_scheduler-role")["status-page"] as {
      Statement: readonly { Action: string | readonly string[] }[];
    };
    return Statement.map(({ Action }) => Action);
  };
  const reads = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeScalingActivities",
    "ec2:DescribeInstances",
  ];

  test("reads prices of spot instances only for a pool that has some", () => {
    const pools = [{ name: "cpu", kind: "cpu", spotPercentage: 50 }] as const;
    expect(statements({ pools })).toEqual([
      [...reads, "ec2:DescribeSpotPriceHistory"],
      "pricing:GetProducts",
    ]);
  });

  test("reads no price list without internet access", () => {
    const image = { amiId: "ami-0123456789abcdef0" };
    const isolated = {
      network: { adminSubnets: ["10.0.0.0/16"], nat: "none", endpoints: true },
      scheduler: { image },
      pools: [{ name: "cpu", kind: "cpu", image }],
    } as const;
    expect(statements(isolated)).toEqual([reads]);
  });

  test("reads nothing without TLS: there is no proxy", () => {
    expect(policiesOf(synthesize({ tls: false }), "dask_scheduler-role")).not.toHaveProperty("status-page");
  });
});

test("without TLS, no role may read a secret", () => {
  const stack = synthesize({ tls: false });
  for (const role of ["dask_scheduler-role", "dask_pool-roles_cpu"]) {
    const names = Object.keys(policiesOf(stack, role));
    expect(names).toContain("session-manager");
    for (const name of ["secrets", "key-of-secrets"]) expect(names).not.toContain(name);
  }
});

test("no role has an action with a wildcard, and only the role of image builders has managed policies", () => {
  const stack = synthesize({ bakedImages: true });
  const builder = expect.stringMatching(/^\$\{aws_iam_role\.dask_images_builder_role_\w+\.name\}$/);
  const attachments = stack.resources("aws_iam_role_policy_attachment");
  expect(attachments.map(({ role }) => role)).toEqual([builder, builder]);
  const actions = stack
    .resources("aws_iam_role_policy")
    .flatMap(({ policy }) => String(policy).match(/(?<="Action":)("[^"]*"|\[[^\]]*\])/g) ?? []);
  // Scheduler 19, each of two pools 9, builder 4, flow logs 1.
  expect(actions).toHaveLength(42);
  for (const action of actions) expect(action).not.toContain("*");
});

test("only the actions of Session Manager, those that read states and prices, and the heartbeat apply to all resources", () => {
  const stack = synthesize({ bakedImages: true });
  const anywhere = stack
    .resources("aws_iam_role_policy")
    .filter(({ policy }) => String(policy).includes('"Resource":"*"'))
    .map(({ name }) => name);
  expect(new Set(anywhere)).toEqual(
    new Set(["session-manager", "describe-pools", "status-page", "publish-heartbeat"]),
  );
});

test("nodes set only the tag that their roles may set", () => {
  const keys = packageFile("cloud-init/base/instance.sh").match(/(?<=Tag\.\d\.Key=)\S+/g);
  expect(keys).toEqual(["dask:state"]);
});

test("names have at most 64 characters for the longest names of cluster and pool, and are unique", () => {
  const pools = ["b", "c"].map((end) => ({ name: `${"a".repeat(19)}${end}`, kind: "cpu" as const }));
  const names = synthesize({ name: "a".repeat(32), pools })
    .resources("aws_iam_role")
    .map(({ name }) => String(name));
  expect(names).toHaveLength(4);
  expect(new Set(names).size).toBe(4);
  for (const name of names) expect(name.length).toBeLessThanOrEqual(64);
});

function tagging(conditions: Readonly<Record<string, string>>) {
  return allowing({
    Action: "ec2:CreateTags",
    Resource: "arn:PARTITION:ec2:ap-southeast-2:ACCOUNT:instance/*",
    Condition: {
      StringEquals: conditions,
      "ForAllValues:StringEquals": { "aws:TagKeys": ["dask:state"] },
    },
  });
}

function writingLogs(pool: string) {
  return allowing({
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: `LOG GROUP:log-stream:${pool}/*`,
  });
}

function keyOf(secrets: readonly string[], actions: readonly string[]) {
  return allowing({
    Action: actions,
    Resource: "KEY",
    Condition: {
      StringEquals: {
        "kms:ViaService": "secretsmanager.ap-southeast-2.SUFFIX",
        "kms:EncryptionContext:SecretARN": secrets,
      },
    },
  });
}

function reading({ bundle }: NodePlan) {
  return allowing(
    { Action: "s3:GetObject", Resource: `BUCKET/bundles/${bundle.sha256}.tar.gz` },
    {
      Action: "kms:Decrypt",
      Resource: "KEY",
      Condition: {
        StringEquals: {
          "kms:ViaService": "s3.ap-southeast-2.SUFFIX",
          "kms:EncryptionContext:aws:s3:arn": "BUCKET",
        },
      },
    },
  );
}

function cluster(definition: Partial<ClusterDefinition> = {}) {
  return defineCluster({
    name: "test",
    region: "ap-southeast-2",
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools: [
      { name: "cpu", kind: "cpu" },
      { name: "gpu", kind: "gpu" },
    ],
    ...definition,
  });
}

function synthesize(definition: Partial<ClusterDefinition> = {}): Synthesized {
  return Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster: cluster(definition) }));
}
