import { TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import type { Pool } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import { scheme } from "../cluster/scheme";
import { LIBRARY } from "../node/node-files";
import type { Service } from "../node/service";
import { clientBundle, connection, readSecret } from "./client-bundle";
import type { DaskCluster } from "./dask-cluster";
import { STATE_TAG } from "./roles/node-role";

/** Properties of `Outputs`. */
export interface OutputsProps {
  /** Cluster that the outputs are about. */
  readonly daskCluster: DaskCluster;
}

/**
 * What a person pastes after a deployment: addresses, and the commands that make a client's bundle, open a tunnel,
 * renew passwords and certificates, scale a pool, and show logs and the state of each machine. They need the AWS CLI
 * with its Session Manager plugin. None holds a secret: who may read one is told by AWS. One per stack, as outputs are
 * named by stack.
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
    const command = (target: string, line: string) =>
      session(target, "AWS-StartInteractiveCommand", `command=${line}`);
    const logs = (target: string, unit: Service["name"]) =>
      command(target, `sudo journalctl -f -n 200 -u ${unit}`);
    const onScheduler = (line: string) => command(scheduler.instance.id, `sudo ${LIBRARY}/${line}`);
    const here = `localhost:${PORTS.scheduler.from}`;

    this.output(
      "scheduler_address",
      daskCluster.schedulerAddress,
      cluster.tls ? "What a client in the VPC connects to" : "What the members of the cluster connect to",
    );
    this.output(
      "dashboard_link",
      daskCluster.dashboardUrl,
      cluster.tls
        ? "The dashboard, from the VPC and the admin subnets, for the user dask"
        : "The dashboard, at the end of tunnel_dashboard",
    );
    this.output(
      "tunnel_scheduler",
      tunnel(PORTS.scheduler.from),
      `Then the scheduler is at ${scheme(cluster)}://${here}`,
    );
    this.output(
      "tunnel_dashboard",
      tunnel(PORTS.dashboard.from),
      `Then the dashboard is at ${cluster.tls ? "https" : "http"}://localhost:${PORTS.dashboard.from}/status`,
    );
    this.output("connect", connection(cluster), "What a Python program says to become a client");
    if (cluster.tls) {
      this.output(
        "client_bundle",
        clientBundle(cluster),
        "Fetches a client's certificate; do so again where it has expired",
      );
      this.output(
        "dashboard_password",
        readSecret(cluster, "dashboard"),
        "Shows the password of the dashboard's user dask",
      );
      this.output(
        "rotate_dashboard_password",
        onScheduler("dashboard renew"),
        "Gives the dashboard's user dask another password",
      );
      this.output(
        "renew_certificates",
        onScheduler("certificates renew"),
        "Renews every certificate now; they are renewed in time without",
      );
    }
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
