import { AwsStack } from "../../lib/aws/aws-stack";
import { defineCluster } from "../../lib/cluster/define";
import { Synthesized, testApp } from "../support/synthesized";

const cluster = defineCluster({
  name: "test",
  region: "eu-west-1",
  network: { adminSubnets: ["10.0.0.0/16"] },
  pools: [
    { name: "cpu", kind: "cpu", desiredSize: 2, maxSize: 8 },
    { name: "gpu", kind: "gpu", maxSize: 3 },
  ],
});

describe("outputs to paste", () => {
  const outputs = synthesize();

  test.each([
    ["scheduler_address", "tcp://scheduler.test.internal:8786"],
    ["dashboard_link", "http://scheduler.test.internal:8787/status"],
    [
      "tunnel_scheduler",
      "aws ssm start-session --region eu-west-1 --target i-scheduler --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8786,localPortNumber=8786'",
    ],
    [
      "tunnel_dashboard",
      "aws ssm start-session --region eu-west-1 --target i-scheduler --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8787,localPortNumber=8787'",
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
      "aws autoscaling set-desired-capacity --region eu-west-1 --auto-scaling-group-name test-cpu --desired-capacity 2",
    ],
    [
      "scale_gpu",
      "aws autoscaling set-desired-capacity --region eu-west-1 --auto-scaling-group-name test-gpu --desired-capacity 1",
    ],
    [
      "logs_cpu",
      "aws ssm start-session --region eu-west-1 --target $(aws autoscaling describe-auto-scaling-groups --region eu-west-1 --auto-scaling-group-names test-cpu --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text) --document-name AWS-StartInteractiveCommand --parameters 'command=sudo journalctl -f -n 200 -u dask-worker'",
    ],
    [
      "logs_gpu",
      "aws ssm start-session --region eu-west-1 --target $(aws autoscaling describe-auto-scaling-groups --region eu-west-1 --auto-scaling-group-names test-gpu --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text) --document-name AWS-StartInteractiveCommand --parameters 'command=sudo journalctl -f -n 200 -u dask-cuda-worker'",
    ],
  ])("%s is the whole command or address", (name, value) => {
    expect(outputs[name]).toBe(value);
  });

  test("there are no others", () => {
    expect(Object.keys(outputs).sort()).toEqual([
      "dashboard_link",
      "logs_cpu",
      "logs_gpu",
      "logs_scheduler",
      "machine_states",
      "scale_cpu",
      "scale_gpu",
      "scheduler_address",
      "tunnel_dashboard",
      "tunnel_scheduler",
    ]);
  });
});

/** The outputs, with names in place of the references that Terraform resolves. */
function synthesize(): Readonly<Record<string, string>> {
  const { outputs } = new Synthesized(new AwsStack(testApp(), "test", cluster));
  return Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [
      name,
      String(value)
        .replaceAll(/\$\{aws_instance\.cluster_scheduler_\w+\.id\}/g, "i-scheduler")
        .replaceAll(/\$\{aws_autoscaling_group\.cluster_pools_(\w+)_\w+\.name\}/g, "test-$1"),
    ]),
  );
}
