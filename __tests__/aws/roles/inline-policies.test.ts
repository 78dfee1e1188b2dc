import { TerraformStack } from "cdktf";
import { inlinePolicyIssues } from "../../../lib/aws/roles/inline-policies";
import { testApp } from "../../support/synthesized";

const stack = new TerraformStack(testApp(), "test");
const ARN = "${aws_kms_key.key.arn}";
const REFERENCES =
  "${data.aws_caller_identity.a.account_id}${data.aws_partition.a.partition}${data.aws_partition.a.dns_suffix}";

test.each([
  ["one policy", ["x".repeat(10_240)]],
  ["several policies", ["x".repeat(10_000), "y".repeat(240)]],
  ["white space, which does not count", [`${"x".repeat(10_240)} \n`]],
  ["an ARN of up to 128 characters", [ARN, "x".repeat(10_112)]],
  [
    "an account, a partition and a domain of up to 12, 10 and 16 characters",
    [REFERENCES, "x".repeat(10_202)],
  ],
])("%s of up to 10,240 characters are accepted, and one more is rejected", (_, policies) => {
  expect(inlinePolicyIssues(stack, policies)).toEqual([]);
  expect(inlinePolicyIssues(stack, [...policies, "z"])).toEqual([
    expect.stringMatching(/^inline policies: got up to 10241 characters, expected at most 10240 /),
  ]);
});
