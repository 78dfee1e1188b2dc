import { DaskCluster, type DaskClusterProps } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import { Synthesized } from "../../support/synthesized";
import { allowing, policiesOf, readPolicy } from "../policies";

describe("the flow logs of a cluster's network", () => {
  const stack = synthesize();

  test("record all traffic", () => {
    expect(stack.resource("aws_flow_log")).toEqual({
      vpc_id: expect.stringMatching(/^\$\{aws_vpc\.dask_network_\w+\.id\}$/),
      traffic_type: "ALL",
      log_destination_type: "cloud-watch-logs",
      log_destination: expect.stringMatching(
        /^\$\{aws_cloudwatch_log_group\.dask_flow-logs_group_\w+\.arn\}$/,
      ),
      iam_role_arn: expect.stringMatching(/^\$\{aws_iam_role\.dask_flow-logs_role_\w+\.arn\}$/),
      tags: { Name: "dask-test--flow-logs" },
      depends_on: [expect.stringMatching(/^aws_iam_role_policy\.dask_flow-logs_write-flow-logs_/)],
    });
  });

  test("are encrypted, with the retention of the definition", () => {
    expect(stack.resource("aws_cloudwatch_log_group", "flow-logs")).toEqual({
      name: "/dask/test/flow-logs",
      kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\.dask_key_\w+\.arn\}$/),
      retention_in_days: 400,
    });
  });

  test("are written by a role that only flow logs of this account can assume and that can write only these logs", () => {
    const { name, assume_role_policy } = stack.resource("aws_iam_role", "flow-logs");
    expect(name).toBe("dask-test--flow-logs--us-west-2");
    expect(readPolicy(assume_role_policy)).toEqual(
      allowing({
        Principal: { Service: "vpc-flow-logs.amazonaws.com" },
        Action: "sts:AssumeRole",
        Condition: {
          StringEquals: { "aws:SourceAccount": "ACCOUNT" },
          ArnLike: { "aws:SourceArn": "arn:PARTITION:ec2:us-west-2:ACCOUNT:vpc-flow-log/*" },
        },
      }),
    );
    expect(policiesOf(stack, "dask_flow-logs_role")).toEqual({
      "write-flow-logs": allowing({
        Action: [
          "logs:CreateLogStream",
          "logs:DescribeLogGroups",
          "logs:DescribeLogStreams",
          "logs:PutLogEvents",
        ],
        Resource: ["LOG GROUP", "LOG GROUP:*"],
      }),
    });
  });
});

test("an existing network gets no flow logs: its owner manages them", () => {
  const { counts } = synthesize({ network: { vpcId: "vpc-7", privateSubnetIds: ["subnet-a", "subnet-b"] } });
  expect(counts).not.toHaveProperty("aws_flow_log");
  expect(counts.aws_cloudwatch_log_group).toBe(1); // logs of the nodes
});

function synthesize(options: Omit<DaskClusterProps, "cluster"> = {}): Synthesized {
  const cluster = defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"] },
    scheduler: { privateAddress: "10.20.0.11" },
    logRetentionDays: 400,
  });
  return Synthesized.of((scope) => new DaskCluster(scope, "dask", { ...options, cluster }));
}
