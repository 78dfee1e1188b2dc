import { AwsStack } from "../../lib/aws/aws-stack";
import { defineCluster } from "../../lib/cluster/define";
import type { ClusterDefinition } from "../../lib/cluster/definition";
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

describe("outputs to paste", () => {
  const outputs = synthesize();

  test.each([
    ["scheduler_address", "tls://scheduler.test.internal:8786"],
    ["dashboard_link", "https://scheduler.test.internal:8787/status"],
    [
      "tunnel_scheduler",
      "aws ssm start-session --region eu-west-1 --target i-scheduler --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8786,localPortNumber=8786'",
    ],
    [
      "tunnel_dashboard",
      "aws ssm start-session --region eu-west-1 --target i-scheduler --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8787,localPortNumber=8787'",
    ],
    [
      "dashboard_password",
      "aws secretsmanager get-secret-value --region eu-west-1 --secret-id /dask/test/dashboard --query SecretString --output text",
    ],
    [
      "rotate_dashboard_password",
      "aws ssm start-session --region eu-west-1 --target i-scheduler --document-name AWS-StartInteractiveCommand --parameters 'command=sudo /usr/local/lib/dask-node/dashboard renew'",
    ],
    [
      "renew_certificates",
      "aws ssm start-session --region eu-west-1 --target i-scheduler --document-name AWS-StartInteractiveCommand --parameters 'command=sudo /usr/local/lib/dask-node/certificates renew'",
    ],
    [
      "machine_states",
      `aws ec2 describe-instances --region eu-west-1 --filters Name=tag:dask:cluster,Values=test --query 'Reservations[].Instances[].[InstanceId,State.Name,Tags[?Key==\`"Name"\`]|[0].Value,Tags[?Key==\`"dask:state"\`]|[0].Value]' --output text`,
    ],
    [
      "logs_scheduler",
      "aws ssm start-session --region eu-west-1 --target i-scheduler --document-name AWS-StartInteractiveCommand --parameters 'command=sudo journalctl -f -n 200 -u dask-scheduler'",
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

  test("there are no others", () => {
    expect(Object.keys(outputs).sort()).toEqual([
      "client_bundle",
      "connect",
      "dashboard_link",
      "dashboard_password",
      "logs_cpu",
      "logs_gpu",
      "logs_scheduler",
      "machine_states",
      "renew_certificates",
      "rotate_dashboard_password",
      "scale_cpu",
      "scale_gpu",
      "scheduler_address",
      "tunnel_dashboard",
      "tunnel_scheduler",
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
      "aws ssm start-session --region eu-west-1 --target i-scheduler --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8787,localPortNumber=8787'",
    ],
  ])("%s leads through a tunnel, or tells what it leads to", (name, value) => {
    expect(outputs[name]).toBe(value);
  });

  test.each(["client_bundle", "dashboard_password", "rotate_dashboard_password", "renew_certificates"])(
    "%s is not among them",
    (name) => {
      expect(outputs).not.toHaveProperty(name);
    },
  );
});

/** The outputs, with names in place of the references that Terraform resolves. */
function synthesize(definition: Partial<ClusterDefinition> = {}): Readonly<Record<string, string>> {
  const cluster = defineCluster({ ...DEFINITION, ...definition });
  const { outputs } = new Synthesized(new AwsStack(testApp(), "test", cluster));
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      String(value)
        .replaceAll(/\$\{aws_instance\.cluster_scheduler_\w+\.id\}/g, "i-scheduler")
        .replaceAll(/\$\{aws_autoscaling_group\.cluster_pools_(\w+)_\w+\.name\}/g, "dask-test--$1"),
    ]),
  );
}
