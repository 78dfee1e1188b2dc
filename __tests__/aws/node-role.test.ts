import { NodeRole } from "../../lib/aws/node-role";
import { defineCluster } from "../../lib/cluster/define";
import { Synthesized } from "../support/synthesized";

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

  test("may use Session Manager and nothing else", () => {
    expect(role.resource("aws_iam_role_policy_attachment").policy_arn).toMatch(
      /^arn:\$\{data\.aws_partition\.\S+\.partition\}:iam::aws:policy\/AmazonSSMManagedInstanceCore$/,
    );
    expect(role.counts).toEqual({
      aws_iam_role: 1,
      aws_iam_role_policy_attachment: 1,
      aws_iam_instance_profile: 1,
    });
  });

  test("has a name that IAM takes, however long the cluster's is", () => {
    const longest = synthesize("a".repeat(32));
    expect(String(longest.resource("aws_iam_role").name).length).toBeLessThanOrEqual(64);
  });
});

function synthesize(name = "test"): Synthesized {
  const cluster = defineCluster({
    name,
    region: "ap-southeast-2",
    network: { adminSubnets: ["10.0.0.0/16"] },
  });
  return Synthesized.of((scope) => new NodeRole(scope, "role", { cluster }));
}
