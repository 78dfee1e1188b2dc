import { AnnotationMetadataEntryType } from "cdktf";
import { AwsStack } from "../../lib/aws/aws-stack";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import { Synthesized, testApp } from "../support/synthesized";

const DEFINITION: ClusterDefinition = {
  name: "test",
  region: "eu-west-1",
  network: { adminSubnets: ["10.0.0.0/16"] },
  pools: [
    { name: "cpu", kind: "cpu", desiredSize: 2, maxSize: 8 },
    { name: "gpu", kind: "gpu", maxSize: 3 },
  ],
};

/** Finds the scheduler by its tags, so that the command works while a deployment is running. */
const SCHEDULER =
  "$(aws ec2 describe-instances --region eu-west-1 --filters Name=tag:dask:cluster,Values=test Name=tag:dask:role,Values=scheduler Name=instance-state-name,Values=pending,running --query 'Reservations[0].Instances[0].InstanceId' --output text)";

/** The only outputs that Terraform has to resolve. */
const IDS = ["hosted_zone_id", "private_route_table_ids", "vpc_id"];

describe("outputs", () => {
  const outputs = synthesize();

  test.each([
    ["scheduler_address", "tls://scheduler.test.internal:8786"],
    ["dashboard_link", "https://scheduler.test.internal:8787/status"],
    [
      "tunnel_scheduler",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8786,localPortNumber=8786'`,
    ],
    [
      "tunnel_dashboard",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8787,localPortNumber=8787'`,
    ],
    [
      "dashboard_password",
      "aws secretsmanager get-secret-value --region eu-west-1 --secret-id /dask/test/dashboard --query SecretString --output text",
    ],
    [
      "rotate_dashboard_password",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo /usr/local/lib/dask-node/run.sh dashboard renew'`,
    ],
    [
      "renew_certificates",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo /usr/local/lib/dask-node/run.sh certificates renew'`,
    ],
    [
      "node_states",
      `aws ec2 describe-instances --region eu-west-1 --filters Name=tag:dask:cluster,Values=test --query 'Reservations[].Instances[].[InstanceId,State.Name,Tags[?Key==\`"Name"\`]|[0].Value,Tags[?Key==\`"dask:state"\`]|[0].Value]' --output text`,
    ],
    [
      "smoke_test",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo /usr/local/lib/dask-node/run.sh smoke_test'`,
    ],
    [
      "logs_scheduler",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo journalctl -f -n 200 -u dask-scheduler'`,
    ],
    [
      "boot_log_scheduler",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo tail -n 200 -f /var/log/dask-node.log'`,
    ],
    [
      "scale_cpu",
      "aws autoscaling set-desired-capacity --region eu-west-1 --auto-scaling-group-name dask-test--cpu --desired-capacity 2",
    ],
    [
      "scale_gpu",
      "aws autoscaling set-desired-capacity --region eu-west-1 --auto-scaling-group-name dask-test--gpu --desired-capacity 1",
    ],
    [
      "logs_cpu",
      "aws ssm start-session --region eu-west-1 --target $(aws autoscaling describe-auto-scaling-groups --region eu-west-1 --auto-scaling-group-names dask-test--cpu --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text) --document-name AWS-StartInteractiveCommand --parameters 'command=sudo journalctl -f -n 200 -u dask-worker'",
    ],
    [
      "logs_gpu",
      "aws ssm start-session --region eu-west-1 --target $(aws autoscaling describe-auto-scaling-groups --region eu-west-1 --auto-scaling-group-names dask-test--gpu --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text) --document-name AWS-StartInteractiveCommand --parameters 'command=sudo journalctl -f -n 200 -u dask-cuda-worker'",
    ],
  ])("%s is the whole command or address", (name, value) => {
    expect(outputs[name]).toBe(value);
  });

  test("refer to the VPC, the hosted zone and the route tables by id", () => {
    expect(outputs.vpc_id).toMatch(/^\$\{aws_vpc\.\w+\.id\}$/);
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
      "boot_log_scheduler",
      "client_bundle",
      "connect",
      "dashboard_link",
      "dashboard_password",
      "hosted_zone_id",
      "logs_cpu",
      "logs_gpu",
      "logs_scheduler",
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
    ["connect", 'import distributed\nclient = distributed.Client("tcp://localhost:8786")'],
    [
      "tunnel_dashboard",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8787,localPortNumber=8787'`,
    ],
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
