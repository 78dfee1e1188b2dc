import { DaskCluster, type DaskClusterProps } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import { BOOT_SECONDS } from "../../../lib/node/lifecycle";
import { Synthesized } from "../../support/synthesized";

describe("the readiness of the scheduler", () => {
  const synthesized = synthesize();
  const { template_body, ...stack } = synthesized.resource("aws_cloudformation_stack");
  const template = JSON.parse(String(template_body));

  test("is a stack that is deleted if it fails, so that the next deployment creates it again", () => {
    expect(stack).toMatchObject({
      name: "dask-test--scheduler-ready",
      on_failure: "DELETE",
      tags: { Name: "dask-test--scheduler-ready" },
    });
  });

  test("has a parameter with the URL for one signal", () => {
    expect(template.Resources).toEqual({
      Handle: { Type: "AWS::CloudFormation::WaitConditionHandle" },
      Parameter: {
        Type: "AWS::SSM::Parameter",
        Properties: {
          Name: "/dask/test/scheduler-signal",
          Type: "String",
          Description: expect.any(String),
          Value: { Ref: "Handle" },
        },
      },
      Ready: {
        Type: "AWS::CloudFormation::WaitCondition",
        DependsOn: "Parameter",
        Properties: { Handle: { Ref: "Handle" }, Count: 1, Timeout: "2700" },
      },
    });
  });

  test("times out after the deadline of the boot, and Terraform after CloudFormation", () => {
    const signal = Number(template.Resources.Ready.Properties.Timeout);
    expect(signal).toBeGreaterThan(BOOT_SECONDS);
    const { create } = stack.timeouts as { create: string };
    expect(create).toBe("55m");
    expect(Number.parseInt(create, 10) * 60).toBeGreaterThan(signal);
  });

  test("is replaced only with the scheduler", () => {
    expect(stack.lifecycle).toEqual({
      ignore_changes: ["template_body"],
      replace_triggered_by: [expect.stringMatching(/^null_resource\.dask_scheduler_generation_\w+$/)],
    });
  });

  test("precedes the pools", () => {
    const [name] = synthesized.names("aws_cloudformation_stack");
    expect(synthesized.resource("aws_autoscaling_group").depends_on).toContain(
      `aws_cloudformation_stack.${name}`,
    );
  });
});

test("a deployment that does not wait for workers does not wait for the scheduler", () => {
  const synthesized = synthesize({ waitForCapacityMinutes: 0 });
  expect(synthesized.counts).not.toHaveProperty("aws_cloudformation_stack");
  expect(synthesized.resource("aws_autoscaling_group").depends_on).not.toContainEqual(
    expect.stringContaining("readiness"),
  );
});

function synthesize(options: Omit<DaskClusterProps, "cluster"> = {}): Synthesized {
  const cluster = defineCluster({ name: "test", network: { adminSubnets: ["10.0.0.0/16"] } });
  return Synthesized.of((scope) => new DaskCluster(scope, "dask", { ...options, cluster }));
}
