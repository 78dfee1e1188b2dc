import { TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import type { Pool } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import type { Service } from "../node/service";
import type { DaskCluster } from "./dask-cluster";
import { STATE_TAG } from "./node-role";

/** Properties of `Outputs`. */
export interface OutputsProps {
  /** Cluster that the outputs are about. */
  readonly daskCluster: DaskCluster;
}

/**
 * What a person pastes after a deployment: addresses, and the commands that open a tunnel, scale a pool, and show
 * logs and the state of each machine. The commands need the AWS CLI with its Session Manager plugin. One per stack, as
 * outputs are named by stack.
 */
export class Outputs extends Construct {
  constructor(scope: Construct, id: string, { daskCluster }: OutputsProps) {
    super(scope, id);
    const { cluster, scheduler, pools } = daskCluster;
    const region = `--region ${cluster.region}`;
    const session = (target: string, document: string, parameters: string) =>
      `aws ssm start-session ${region} --target ${target} --document-name ${document} --parameters '${parameters}'`;
    const tunnel = (port: number) =>
      session(
        scheduler.instance.id,
        "AWS-StartPortForwardingSession",
        `portNumber=${port},localPortNumber=${port}`,
      );
    const logs = (target: string, unit: Service["name"]) =>
      session(target, "AWS-StartInteractiveCommand", `command=sudo journalctl -f -n 200 -u ${unit}`);

    this.output("scheduler_address", daskCluster.schedulerAddress, "What a client in the VPC connects to");
    this.output(
      "dashboard_link",
      daskCluster.dashboardUrl,
      "The dashboard, from the VPC and the admin subnets",
    );
    this.output(
      "tunnel_scheduler",
      tunnel(PORTS.scheduler.from),
      `Then a client here connects to tcp://localhost:${PORTS.scheduler.from}`,
    );
    this.output(
      "tunnel_dashboard",
      tunnel(PORTS.dashboard.from),
      `Then the dashboard is at http://localhost:${PORTS.dashboard.from}/status`,
    );
    const tag = (key: string) => `Tags[?Key==\`"${key}"\`]|[0].Value`;
    this.output(
      "machine_states",
      `aws ec2 describe-instances ${region} --filters Name=tag:dask:cluster,Values=${cluster.name} --query 'Reservations[].Instances[].[InstanceId,State.Name,${["Name", STATE_TAG].map(tag)}]' --output text`,
      "Whether each machine is ready, or why it failed; AWS lists a terminated machine for about an hour",
    );
    this.output("logs_scheduler", logs(scheduler.instance.id, "dask-scheduler"), "Logs of the scheduler");

    for (const { pool, groupName } of Object.values(pools)) {
      this.output(
        `scale_${pool.name}`,
        `aws autoscaling set-desired-capacity ${region} --auto-scaling-group-name ${groupName} --desired-capacity ${pool.desiredSize}`,
        `Sets the machines of the pool ${pool.name}: ${pool.minSize} to ${pool.maxSize}`,
      );
      const first = `$(aws autoscaling describe-auto-scaling-groups ${region} --auto-scaling-group-names ${groupName} --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text)`;
      this.output(
        `logs_${pool.name}`,
        logs(first, workerUnit(pool)),
        `Logs of the first machine of the pool ${pool.name}`,
      );
    }
  }

  private output(name: string, value: string, description: string) {
    new TerraformOutput(this, name, { value, description, staticId: true });
  }
}

function workerUnit(pool: Pool): Service["name"] {
  return pool.kind === "gpu" ? "dask-cuda-worker" : "dask-worker";
}
