import { NodeRole } from "../../lib/aws/node-role";
import { defineCluster } from "../../lib/cluster/define";
import type { PoolDefinition } from "../../lib/cluster/definition";
import { packageFile } from "../../lib/node/package-file";
import { Synthesized } from "../support/synthesized";

const POOLS: readonly PoolDefinition[] = [
  { name: "cpu", kind: "cpu" },
  { name: "gpu", kind: "gpu" },
];

describe("the role of the machines", () => {
  const role = synthesize();

  test("is taken by EC2 alone, under a name of the cluster and the region", () => {
    const { assume_role_policy, ...rest } = role.resource("aws_iam_role");
    expect(rest).toEqual({
      name: "test-node-ap-southeast-2",
      description: "machines of the Dask cluster test",
      tags: { Name: "test-node-ap-southeast-2" },
    });
    expect(JSON.parse(String(assume_role_policy))).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "sts:AssumeRole",
          Principal: { Service: expect.stringMatching(/^ec2\.\$\{data\.aws_partition\.\S+\.dns_suffix\}$/) },
        },
      ],
    });
  });

  test("may use Session Manager, answer its groups' hooks, tag its machines, and nothing else", () => {
    expect(role.resource("aws_iam_role_policy_attachment").policy_arn).toMatch(
      /^arn:\$\{data\.aws_partition\.\S+\.partition\}:iam::aws:policy\/AmazonSSMManagedInstanceCore$/,
    );
    expect(role.resources("aws_iam_role_policy").map(({ name }) => name)).toEqual([
      "answer-launch-hook",
      "tag-machines",
    ]);
    expect(role.counts).toEqual({
      aws_iam_role: 1,
      aws_iam_role_policy: 2,
      aws_iam_role_policy_attachment: 1,
      aws_iam_instance_profile: 1,
    });
  });

  test("may answer the hooks of the cluster's own groups, each by name", () => {
    expect(policy(role, "answer-launch-hook")).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "autoscaling:CompleteLifecycleAction",
          Resource: [
            "arn:PARTITION:autoscaling:ap-southeast-2:ACCOUNT:autoScalingGroup:*:autoScalingGroupName/test-cpu",
            "arn:PARTITION:autoscaling:ap-southeast-2:ACCOUNT:autoScalingGroup:*:autoScalingGroupName/test-gpu",
          ],
        },
      ],
    });
  });

  test("may tag machines of the cluster alone, and only with their state", () => {
    expect(policy(role, "tag-machines")).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Action: "ec2:CreateTags",
          Resource: "arn:PARTITION:ec2:ap-southeast-2:ACCOUNT:instance/*",
          Condition: {
            StringEquals: { "ec2:ResourceTag/dask:cluster": "test" },
            "ForAllValues:StringEquals": { "aws:TagKeys": ["dask:state"] },
          },
        },
      ],
    });
  });

  test("may set the tags that a machine sets", () => {
    const keys = packageFile("cloud-init/base/instance").match(/(?<=Tag\.\d\.Key=)\S+/g);
    expect(keys).toEqual(["dask:state"]);
  });

  test("has no hooks to answer in a cluster without pools", () => {
    expect(synthesize("test", []).resources("aws_iam_role_policy")).toHaveLength(1);
  });

  test("has a name that IAM takes, however long the cluster's is", () => {
    const longest = synthesize("a".repeat(32));
    expect(String(longest.resource("aws_iam_role").name).length).toBeLessThanOrEqual(64);
  });
});

/** A policy by its name, with words in place of what Terraform looks up. */
function policy(role: Synthesized, name: string): unknown {
  const { policy } = role.resource("aws_iam_role_policy", name);
  return JSON.parse(
    String(policy)
      .replaceAll(/\$\{data\.aws_partition\.\S+?\.partition\}/g, "PARTITION")
      .replaceAll(/\$\{data\.aws_caller_identity\.\S+?\.account_id\}/g, "ACCOUNT"),
  );
}

function synthesize(name = "test", pools: readonly PoolDefinition[] = POOLS): Synthesized {
  const cluster = defineCluster({
    name,
    region: "ap-southeast-2",
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools,
  });
  return Synthesized.of((scope) => new NodeRole(scope, "role", { cluster }));
}
