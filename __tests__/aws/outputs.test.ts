import { AnnotationMetadataEntryType } from "cdktf";
import { AwsStack } from "../../lib/aws/aws-stack";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import { DEFINITION, SCHEDULER } from "../support/operated-cluster";
import { Synthesized, testApp } from "../support/synthesized";

/** The only outputs that Terraform has to resolve. */
const IDS = ["alert_topic", "hosted_zone_id", "private_route_table_ids", "vpc_id"];

describe("outputs", () => {
  const outputs = synthesize();

  test.each([
    ["scheduler_address", "tls://scheduler.test.internal:8786"],
    ["dashboard_link", "https://scheduler.test.internal:8787/status"],
    ["monitoring_link", "https://scheduler.test.internal:8787/prometheus/"],
    ["tunnel_scheduler", "dask-cluster tunnel test --port 8786 --region eu-west-1"],
    ["tunnel_dashboard", "dask-cluster dashboard test --port 8787 --region eu-west-1"],
    ["dashboard_password", "dask-cluster dashboard test --password --region eu-west-1"],
    ["rotate_dashboard_password", "dask-cluster rotate-password test --region eu-west-1"],
    ["renew_certificates", "dask-cluster renew-certificates test --region eu-west-1"],
    ["node_states", "dask-cluster status test --region eu-west-1"],
    ["smoke_test", "dask-cluster smoke-test test --region eu-west-1"],
    ["logs", "aws logs tail /dask/test/nodes --region eu-west-1 --follow"],
    ["logs_scheduler", "dask-cluster logs test scheduler --follow --region eu-west-1"],
    ["boot_log_scheduler", "dask-cluster logs test scheduler --boot --follow --region eu-west-1"],
    ["scale_cpu", "dask-cluster scale test cpu 2 --region eu-west-1"],
    ["scale_gpu", "dask-cluster scale test gpu 1 --region eu-west-1"],
    ["logs_cpu", "dask-cluster logs test cpu --follow --region eu-west-1"],
    ["logs_gpu", "dask-cluster logs test gpu --follow --region eu-west-1"],
  ])("%s is the whole command or address", (name, value) => {
    expect(outputs[name]).toBe(value);
  });

  test("refer to the VPC, the hosted zone and the route tables by id", () => {
    expect(outputs.vpc_id).toMatch(/^\$\{aws_vpc\.\w+\.id\}$/);
    expect(outputs.alert_topic).toMatch(/^\$\{aws_sns_topic\.\w+\.arn\}$/);
    expect(outputs.hosted_zone_id).toMatch(/^\$\{aws_route53_zone\.\w+\.zone_id\}$/);
    expect(outputs.private_route_table_ids).toEqual([
      expect.stringMatching(/^\$\{aws_route_table\.[\w-]+_private-routes_\w+\.id\}$/),
      expect.stringMatching(/^\$\{aws_route_table\.[\w-]+_private-routes_\w+\.id\}$/),
    ]);
  });

  test("the commands contain no reference, so they work before an apply has finished", () => {
    const references = Object.entries(outputs).filter(([, value]) => JSON.stringify(value).includes("${"));
    expect(references.map(([name]) => name).sort()).toEqual(IDS);
  });

  test("there are no other outputs", () => {
    expect(Object.keys(outputs).sort()).toEqual([
      "alert_topic",
      "boot_log_scheduler",
      "client_bundle",
      "connect",
      "dashboard_link",
      "dashboard_password",
      "hosted_zone_id",
      "logs",
      "logs_cpu",
      "logs_gpu",
      "logs_scheduler",
      "monitoring_link",
      "node_states",
      "private_route_table_ids",
      "renew_certificates",
      "rotate_dashboard_password",
      "scale_cpu",
      "scale_gpu",
      "scheduler_address",
      "smoke_test",
      "tunnel_dashboard",
      "tunnel_scheduler",
      "vpc_id",
    ]);
  });
});

describe("outputs of a cluster without TLS", () => {
  const outputs = synthesize({ tls: false });

  test.each([
    ["scheduler_address", "tcp://scheduler.test.internal:8786"],
    ["dashboard_link", "http://localhost:8787/status"],
    ["monitoring_link", "http://localhost:9090/prometheus/"],
    [
      "tunnel_monitoring",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartPortForwardingSession --parameters 'portNumber=9090,localPortNumber=9090'`,
    ],
    ["connect", 'import distributed\nclient = distributed.Client("tcp://localhost:8786")'],
    ["tunnel_dashboard", "dask-cluster dashboard test --port 8787 --region eu-west-1"],
  ])("%s is the whole command or address", (name, value) => {
    expect(outputs[name]).toBe(value);
  });

  test.each(["client_bundle", "dashboard_password", "rotate_dashboard_password", "renew_certificates"])(
    "%s is not among them",
    (name) => {
      expect(outputs).not.toHaveProperty(name);
    },
  );
});

describe("outputs of a cluster in an existing network", () => {
  const cluster = defineCluster({ ...DEFINITION, scheduler: { privateAddress: "10.60.1.10" } });
  const stack = new AwsStack(testApp(), "test", {
    cluster,
    network: { vpcId: "vpc-1", privateSubnetIds: ["subnet-1", "subnet-2"] },
  });
  const { outputs } = new Synthesized(stack);

  test("name its VPC", () => {
    expect(outputs.vpc_id).toBe("vpc-1");
  });

  test("do not name its route tables, which are managed by its owner", () => {
    expect(outputs).not.toHaveProperty("private_route_table_ids");
  });

  test("name its route tables where the network does", () => {
    const stack = new AwsStack(testApp(), "test", {
      cluster,
      network: {
        vpcId: "vpc-1",
        privateSubnetIds: ["subnet-1", "subnet-2"],
        privateRouteTableIds: ["rtb-1", "rtb-2"],
      },
    });
    expect(new Synthesized(stack).outputs.private_route_table_ids).toEqual(["rtb-1", "rtb-2"]);
  });
});

describe("message at synthesis", () => {
  const stack = new AwsStack(testApp(), "test", { cluster: defineCluster(DEFINITION) });
  const { outputs } = new Synthesized(stack);
  const messages = stack.node
    .findAll()
    .flatMap(({ node }) => node.metadata)
    .filter(({ type }) => type === AnnotationMetadataEntryType.INFO);

  test.each(["node_states", "boot_log_scheduler", "logs_scheduler"])("has the command of %s", (name) => {
    expect(messages.map(({ data }) => data)).toEqual([expect.stringContaining(String(outputs[name]))]);
  });

  test("has no stack trace", () => {
    expect(messages.map(({ trace }) => trace)).toEqual([undefined]);
  });
});

/** Values of the outputs by name. */
function synthesize(definition: Partial<ClusterDefinition> = {}): Readonly<Record<string, unknown>> {
  const cluster = defineCluster({ ...DEFINITION, ...definition });
  return new Synthesized(new AwsStack(testApp(), "test", { cluster })).outputs;
}
