import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import { Synthesized } from "../../support/synthesized";
import { readPolicy } from "../policies";

describe("the secrets of a cluster", () => {
  const stack = synthesize(true);

  test.each([
    ["authority", "key and certificate of the CA; only the scheduler may read it"],
    ["worker", "key and certificate of all workers"],
    ["client", "key and certificate of clients"],
    ["dashboard", "password of the dashboard's user dask"],
  ])("%s is encrypted, and deleted without a recovery window", (secret, description) => {
    expect(stack.resource("aws_secretsmanager_secret", `secrets_${secret}`)).toEqual({
      name: `/dask/test/${secret}`,
      description: `Dask cluster test: ${description}`,
      kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\.dask_key_\w+\.arn\}$/),
      recovery_window_in_days: 0,
    });
  });

  test("are created without values, so that Terraform's state contains none", () => {
    expect(stack.counts.aws_secretsmanager_secret).toBe(4);
    expect(stack.counts).not.toHaveProperty("aws_secretsmanager_secret_version");
    expect(stack.dataSources("aws_secretsmanager_secret_version")).toEqual([]);
  });

  test("only the scheduler may read and write the CA's secret", () => {
    const { policy, ...rest } = stack.resource("aws_secretsmanager_secret_policy");
    expect(rest).toEqual({
      secret_arn: expect.stringMatching(/^\$\{aws_secretsmanager_secret\.dask_secrets_authority_\w+\.arn\}$/),
      block_public_policy: true,
    });
    expect(readPolicy(policy)).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "TheSchedulerAlone",
          Effect: "Deny",
          Principal: { AWS: "*" },
          Action: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
          Resource: "*",
          Condition: { ArnNotEquals: { "aws:PrincipalArn": "ROLE scheduler-role" } },
        },
      ],
    });
  });
});

test("a cluster without TLS has no secrets", () => {
  const { counts } = synthesize(false);
  expect(Object.keys(counts).filter((type) => type.startsWith("aws_secretsmanager_"))).toEqual([]);
});

function synthesize(tls: boolean): Synthesized {
  const cluster = defineCluster({ name: "test", network: { adminSubnets: ["10.0.0.0/16"] }, tls });
  return Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster }));
}
