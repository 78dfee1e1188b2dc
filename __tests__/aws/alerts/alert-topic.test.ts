import { AwsStack } from "../../../lib/aws/aws-stack";
import { defineCluster } from "../../../lib/config/define";
import type { MonitoringDefinition } from "../../../lib/config/definition";
import { Synthesized, testApp } from "../../support/synthesized";
import { allowing, readPolicy } from "../policies";

const QUEUE = "arn:aws:sqs:eu-west-1:123456789012:alerts";

const synthesize = (monitoring?: boolean | MonitoringDefinition, network: object = {}) =>
  new Synthesized(
    new AwsStack(testApp(), "test", {
      cluster: defineCluster({
        name: "test",
        region: "eu-west-1",
        network: { adminSubnets: ["10.0.0.0/16"], ...network },
        ...(monitoring !== undefined && { monitoring }),
      }),
    }),
  );

describe("the topic with alerts", () => {
  test("is encrypted by the key of the cluster, and has no subscriptions by default", () => {
    const stack = synthesize();
    expect(stack.resources("aws_sns_topic")).toEqual([
      {
        name: "dask-test--alerts",
        kms_master_key_id: expect.stringMatching(/^\$\{aws_kms_key\.\w+\.arn\}$/),
        tags: { Name: "dask-test--alerts" },
      },
    ]);
    expect(stack.resources("aws_sns_topic_subscription")).toEqual([]);
  });

  test("lets only alarms and rules of its cluster publish, in addition to IAM policies", () => {
    const { policy, arn } = synthesize().resource("aws_sns_topic_policy");
    expect(arn).toMatch(/^\$\{aws_sns_topic\.\w+\.arn\}$/);
    const publish = { Action: "sns:Publish", Resource: "TOPIC" };
    const condition = (source: string) => ({
      StringEquals: { "aws:SourceAccount": "ACCOUNT" },
      ArnLike: { "aws:SourceArn": source },
    });
    expect(readPolicy(policy)).toEqual(
      allowing(
        {
          ...{ Sid: "Alarms", Principal: { Service: "cloudwatch.amazonaws.com" }, ...publish },
          Condition: condition("arn:PARTITION:cloudwatch:eu-west-1:ACCOUNT:alarm:dask-test--*"),
        },
        {
          ...{ Sid: "Rules", Principal: { Service: "events.amazonaws.com" }, ...publish },
          Condition: condition("arn:PARTITION:events:eu-west-1:ACCOUNT:rule/dask-test--*"),
        },
      ),
    );
  });

  test("has the subscriptions of the definition", () => {
    const stack = synthesize({ alerts: ["team@example.com", { protocol: "sqs", endpoint: QUEUE }] });
    const topic_arn = expect.stringMatching(/^\$\{aws_sns_topic\.\w+\.arn\}$/);
    expect(stack.resources("aws_sns_topic_subscription")).toEqual([
      { topic_arn, protocol: "email", endpoint: "team@example.com" },
      { topic_arn, protocol: "sqs", endpoint: QUEUE },
    ]);
  });

  test("does not exist without monitoring, nor do its outputs", () => {
    const stack = synthesize(false);
    expect(stack.resources("aws_sns_topic")).toEqual([]);
    for (const name of ["alert_topic", "monitoring_link", "tunnel_monitoring"])
      expect(stack.outputs).not.toHaveProperty(name);
  });
});

describe("the endpoints of a network without NAT gateway", () => {
  const services = (monitoring?: boolean | MonitoringDefinition) =>
    synthesize(monitoring, { endpoints: true })
      .resources("aws_vpc_endpoint")
      .map(({ service_name }) => String(service_name).split(".").at(-1))
      .filter((name) => name === "sns" || name === "aps-workspaces");
  const workspaceId = "ws-01234567-89ab-cdef-0123-456789abcdef";

  test("include those that Alertmanager and Prometheus call", () => {
    expect(services()).toEqual(["sns"]);
    expect(services(false)).toEqual([]);
    expect(services({ remoteWrite: { workspaceId } })).toEqual(["aps-workspaces", "sns"]);
    expect(services({ remoteWrite: { workspaceId, region: "eu-west-2" } })).toEqual(["sns"]);
  });
});
