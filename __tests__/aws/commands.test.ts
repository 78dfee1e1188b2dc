import { Commands } from "../../lib/aws/commands";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import { planNodes } from "../../lib/node/plan";
import { DEFINITION, SCHEDULER } from "../support/operated-cluster";

describe("commands of the AWS CLI", () => {
  const commands = commandsOf(DEFINITION);

  test.each([
    [
      "tunnelScheduler",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8786,localPortNumber=8786'`,
    ],
    [
      "tunnelDashboard",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartPortForwardingSession --parameters 'portNumber=8787,localPortNumber=8787'`,
    ],
    [
      "dashboardPassword",
      "aws secretsmanager get-secret-value --region eu-west-1 --secret-id /dask/test/dashboard --query SecretString --output text",
    ],
    [
      "rotateDashboardPassword",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo /usr/local/lib/dask-node/run.sh dashboard renew'`,
    ],
    [
      "renewCertificates",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo /usr/local/lib/dask-node/run.sh certificates renew'`,
    ],
    [
      "nodeStates",
      `aws ec2 describe-instances --region eu-west-1 --filters Name=tag:dask:cluster,Values=test --query 'Reservations[].Instances[].[InstanceId,State.Name,Tags[?Key==\`"Name"\`]|[0].Value,Tags[?Key==\`"dask:state"\`]|[0].Value]' --output text`,
    ],
    [
      "smokeTest",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo /usr/local/lib/dask-node/run.sh smoke_test'`,
    ],
    [
      "logsOfScheduler",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo journalctl -f -n 200 -u dask-scheduler'`,
    ],
    [
      "bootLogOfScheduler",
      `aws ssm start-session --region eu-west-1 --target ${SCHEDULER} --document-name AWS-StartInteractiveCommand --parameters 'command=sudo tail -n 200 -f /var/log/dask-node.log'`,
    ],
  ] as const)("%s", (name, command) => {
    expect(commands[name]).toBe(command);
  });

  test("scale a pool, and follow the log of its first instance", () => {
    expect(commands.pools).toEqual({
      cpu: {
        scale:
          "aws autoscaling set-desired-capacity --region eu-west-1 --auto-scaling-group-name dask-test--cpu --desired-capacity 2",
        logs: "aws ssm start-session --region eu-west-1 --target $(aws autoscaling describe-auto-scaling-groups --region eu-west-1 --auto-scaling-group-names dask-test--cpu --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text) --document-name AWS-StartInteractiveCommand --parameters 'command=sudo journalctl -f -n 200 -u dask-worker'",
      },
      gpu: {
        scale:
          "aws autoscaling set-desired-capacity --region eu-west-1 --auto-scaling-group-name dask-test--gpu --desired-capacity 1",
        logs: "aws ssm start-session --region eu-west-1 --target $(aws autoscaling describe-auto-scaling-groups --region eu-west-1 --auto-scaling-group-names dask-test--gpu --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text) --document-name AWS-StartInteractiveCommand --parameters 'command=sudo journalctl -f -n 200 -u dask-cuda-worker'",
      },
    });
  });
});

test.each(["clientBundle", "dashboardPassword", "rotateDashboardPassword", "renewCertificates"] as const)(
  "a cluster without TLS lacks %s",
  (name) => {
    expect(commandsOf({ ...DEFINITION, tls: false })[name]).toBeUndefined();
  },
);

function commandsOf(definition: ClusterDefinition): Commands {
  const cluster = defineCluster(definition);
  return new Commands(cluster, planNodes(cluster));
}
