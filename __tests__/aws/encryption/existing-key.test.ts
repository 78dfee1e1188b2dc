import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import { issuesIn } from "../../config/issues-of";
import { Synthesized } from "../../support/synthesized";

const cluster = defineCluster({ name: "test", network: { adminSubnets: ["10.0.0.0/16"] } });
const ARN = "arn:aws:kms:us-west-2:123456789012:key/01234567-89ab-cdef-0123-456789abcdef";

describe("a cluster with an existing key", () => {
  const stack = synthesize(ARN);

  test("creates no key", () => {
    for (const type of ["aws_kms_key", "aws_kms_alias"]) expect(stack.counts).not.toHaveProperty(type);
  });

  test("encrypts disks, secrets and logs with it", () => {
    expect(stack.resource("aws_instance").root_block_device).toMatchObject({ kms_key_id: ARN });
    const keysOf = (type: string) => stack.resources(type).map(({ kms_key_id }) => kms_key_id);
    expect(keysOf("aws_secretsmanager_secret")).toEqual(Array(4).fill(ARN));
    expect(keysOf("aws_cloudwatch_log_group")).toEqual(Array(2).fill(ARN));
    expect(stack.resource("aws_launch_template").block_device_mappings).toMatchObject([
      { ebs: { kms_key_id: ARN } },
    ]);
  });

  test("grants its use to EC2 Auto Scaling, before pools are created", () => {
    expect(stack.resource("aws_kms_grant")).toEqual({
      name: "dask-test--autoscaling",
      key_id: ARN,
      grantee_principal: expect.stringMatching(/^\$\{aws_iam_service_linked_role\.[\w-]+\.arn\}$/),
      operations: [
        ...["Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey"],
        ...["GenerateDataKeyWithoutPlaintext", "DescribeKey", "CreateGrant"],
      ],
    });
    expect(stack.resource("aws_autoscaling_group").depends_on).toContainEqual(
      expect.stringMatching(/^aws_kms_grant\.dask_existing-key_/),
    );
  });
});

test("the existing key may be a resource of the same stack", () => {
  const stack = Synthesized.of((scope) => {
    const key = new KmsKey(scope, "data");
    new DaskCluster(scope, "dask", { cluster, key });
  });
  expect(stack.resource("aws_kms_grant").key_id).toBe("${aws_kms_key.data.arn}");
});

test.each(["alias/data", "arn:aws:kms:us-west-2:123456789012:alias/data", "01234567-89ab"])(
  "rejects %s, which is not the ARN of a key",
  (arn) => {
    expect(issuesIn(() => synthesize(arn))).toEqual([
      {
        path: "key.arn",
        value: arn,
        expected: "the ARN of a KMS key, such as arn:aws:kms:eu-central-1:123456789012:key/…",
        hint: "copy the ARN of the key; policies cannot name an alias",
      },
    ]);
  },
);

function synthesize(arn: string): Synthesized {
  return Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster, key: { arn } }));
}
