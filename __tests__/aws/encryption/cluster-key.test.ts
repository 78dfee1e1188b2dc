import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { type Block, Synthesized } from "../../support/synthesized";
import { readPolicy } from "../policies";

const USE = [
  ...["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
  ...["kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"],
];
const KEY = expect.stringMatching(/^\$\{aws_kms_key\.dask_key_\w+\.arn\}$/);

describe("the key of a cluster", () => {
  const stack = synthesize();

  test("is rotated every year, has a deletion window of 30 days, and has an alias", () => {
    const { policy, ...key } = stack.resource("aws_kms_key");
    expect(policy).toBeDefined();
    expect(key).toEqual({
      description: "data of the Dask cluster test",
      enable_key_rotation: true,
      deletion_window_in_days: 30,
      tags: { Name: "dask-test" },
    });
    expect(stack.resource("aws_kms_alias")).toEqual({
      name: "alias/dask-test",
      target_key_id: expect.stringMatching(/^\$\{aws_kms_key\.dask_key_\w+\.id\}$/),
    });
  });

  test("may be used by its account, for its logs, for alerts and for the volumes of its pools", () => {
    expect(readPolicy(stack.resource("aws_kms_key").policy)).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Sid: "AdministeredByItsAccount",
          Principal: { AWS: "arn:PARTITION:iam::ACCOUNT:root" },
          Action: "kms:*",
          Resource: "*",
        },
        {
          Effect: "Allow",
          Sid: "LogsOfTheCluster",
          Principal: { Service: "logs.ap-southeast-2.SUFFIX" },
          Action: USE,
          Resource: "*",
          Condition: {
            ArnLike: {
              "kms:EncryptionContext:aws:logs:arn": [
                "arn:PARTITION:logs:ap-southeast-2:ACCOUNT:log-group:/dask/test/flow-logs",
                "arn:PARTITION:logs:ap-southeast-2:ACCOUNT:log-group:/dask/test/nodes",
                "arn:PARTITION:logs:ap-southeast-2:ACCOUNT:log-group:/aws/imagebuilder/dask-test--*",
              ],
            },
          },
        },
        {
          Effect: "Allow",
          Sid: "AlertsOfAlarms",
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
          Resource: "*",
          Condition: {
            StringEquals: {
              "aws:SourceAccount": "ACCOUNT",
              "kms:EncryptionContext:aws:sns:topicArn":
                "arn:PARTITION:sns:ap-southeast-2:ACCOUNT:dask-test--alerts",
            },
          },
        },
        {
          Effect: "Allow",
          Sid: "AlertsOfRules",
          Principal: { Service: "events.amazonaws.com" },
          Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
          Resource: "*",
          Condition: {
            StringEquals: {
              "kms:EncryptionContext:aws:sns:topicArn":
                "arn:PARTITION:sns:ap-southeast-2:ACCOUNT:dask-test--alerts",
            },
          },
        },
        {
          Effect: "Allow",
          Sid: "VolumesOfThePools",
          Principal: { AWS: "AUTOSCALING" },
          Action: USE,
          Resource: "*",
        },
        {
          Effect: "Allow",
          Sid: "VolumesOfThePoolsWhileAttached",
          Principal: { AWS: "AUTOSCALING" },
          Action: "kms:CreateGrant",
          Resource: "*",
          Condition: { Bool: { "kms:GrantIsForAWSResource": "true" } },
        },
      ],
    });
  });

  test("is not for alarms and rules without monitoring", () => {
    const { Statement } = readPolicy(synthesize({ monitoring: false }).resource("aws_kms_key").policy) as {
      readonly Statement: readonly { readonly Sid: string }[];
    };
    expect(Statement.map(({ Sid }) => Sid)).toEqual([
      ...["AdministeredByItsAccount", "LogsOfTheCluster"],
      ...["VolumesOfThePools", "VolumesOfThePoolsWhileAttached"],
    ]);
  });

  test("encrypts every volume, secret, log and image", () => {
    const stack = synthesize({ bakedImages: true });
    expect(stack.resource("aws_instance")).toMatchObject({ root_block_device: { kms_key_id: KEY } });
    expect(stack.resource("aws_launch_template")).toMatchObject({
      block_device_mappings: [{ ebs: { encrypted: "true", kms_key_id: KEY } }],
    });
    const encrypted: readonly [type: string, count: number][] = [
      ["aws_secretsmanager_secret", 4],
      // Flow logs, logs of the nodes, and the builds of the scheduler's image and of the workers' image.
      ["aws_cloudwatch_log_group", 4],
      ["aws_imagebuilder_component", stack.counts.aws_imagebuilder_component ?? 0],
    ];
    for (const [type, count] of encrypted) {
      expect(count).toBeGreaterThan(0);
      expect(stack.resources(type).map(({ kms_key_id }: Block) => kms_key_id)).toEqual(
        Array.from({ length: count }, () => KEY),
      );
    }
    const recipes = stack.resources("aws_imagebuilder_image_recipe");
    const distributions = stack.resources("aws_imagebuilder_distribution_configuration");
    expect([recipes.length, distributions.length]).toEqual([2, 2]);
    for (const recipe of recipes)
      expect(recipe).toMatchObject({ block_device_mapping: [{ ebs: { kms_key_id: KEY } }] });
    for (const distribution of distributions)
      expect(distribution).toMatchObject({
        distribution: [{ ami_distribution_configuration: { kms_key_id: KEY } }],
      });
  });
});

describe("the service-linked role that launches the instances of the pools", () => {
  test("is dedicated to the cluster, and used by every group", () => {
    const stack = synthesize({
      pools: [
        { name: "one", kind: "cpu" },
        { name: "two", kind: "cpu" },
      ],
    });
    expect(stack.resource("aws_iam_service_linked_role")).toEqual({
      aws_service_name: "autoscaling.amazonaws.com",
      custom_suffix: "dask-test--ap-southeast-2",
      description: "pools of the Dask cluster test",
    });
    const groups = stack.resources("aws_autoscaling_group");
    expect(groups).toHaveLength(2);
    for (const { service_linked_role_arn } of groups)
      expect(service_linked_role_arn).toMatch(/^\$\{aws_iam_service_linked_role\.dask_\S+\.arn\}$/);
  });

  test("has at most 64 characters for the longest cluster name, and another name in each region", () => {
    const suffix = (region: string) =>
      String(
        synthesize({ name: "a".repeat(32), region }).resource("aws_iam_service_linked_role").custom_suffix,
      );
    for (const region of ["ap-southeast-1", "ap-southeast-2"])
      expect(`AWSServiceRoleForAutoScaling_${suffix(region)}`.length).toBeLessThanOrEqual(64);
    expect(suffix("ap-southeast-1")).not.toBe(suffix("ap-southeast-2"));
  });
});

function synthesize(definition: Partial<ClusterDefinition> = {}): Synthesized {
  const cluster = defineCluster({
    name: "test",
    region: "ap-southeast-2",
    network: { adminSubnets: ["10.0.0.0/16"] },
    ...definition,
  });
  return Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster }));
}
