import { Annotations, DISABLE_STACK_TRACE_IN_METADATA, TerraformOutput } from "cdktf";
import { Construct } from "constructs";
import { PORTS } from "../config/ports";
import { protocol } from "../config/protocol";
import type { DaskCluster } from "./dask-cluster";
import { DaskClusterCommands } from "./dask-cluster-commands";

/** Cluster of the outputs. */
export interface OutputsProps {
  /** Cluster whose addresses and commands are printed. */
  readonly daskCluster: DaskCluster;
}

/**
 * Terraform outputs of a cluster: addresses, commands to connect to it and to operate it, and the ids that the network of
 * administrators needs to reach it. No output contains a secret. Commands that read one require
 * `secretsmanager:GetSecretValue`. The program `dask-cluster` is in the environment that `npx cdktf-dask client` makes;
 * `daskCluster.commands` has the same commands for the AWS CLI.
 *
 * Terraform prints outputs only after a successful deployment, so synthesis prints the commands that show why a deployment
 * waits or fails. The names of outputs are fixed, so a stack can have one `Outputs` only. `AwsStack` has one; in other
 * stacks, add it, or create outputs of `daskCluster.commands`.
 *
 * @example
 * const daskCluster = new DaskCluster(stack, "dask", { cluster });
 * new Outputs(stack, "outputs", { daskCluster });
 */
export class Outputs extends Construct {
  constructor(scope: Construct, id: string, { daskCluster }: OutputsProps) {
    super(scope, id);
    // The message is not about an error, so the manifest needs no stack trace.
    this.node.setContext(DISABLE_STACK_TRACE_IN_METADATA, true);
    const commands = new DaskClusterCommands(daskCluster.cluster);
    this.connecting(daskCluster, commands);
    this.operating(daskCluster, commands);
    this.network(daskCluster);
    Annotations.of(this).addInfo(
      [
        "while the deployment runs, or after it failed:",
        `state of each node:       ${commands.status}`,
        `boot of the scheduler:    ${commands.bootLogOfScheduler}`,
        `logs of the scheduler:    ${commands.logsOfScheduler}`,
        `npx cdktf-dask client ${daskCluster.cluster.name} installs dask-cluster; docs/operating.md has the commands of the AWS CLI`,
      ].join("\n  "),
    );
  }

  private connecting(
    { cluster, commands: plain, schedulerAddress, dashboardUrl, monitoringUrl, scheduler }: DaskCluster,
    commands: DaskClusterCommands,
  ) {
    const { tls } = cluster;
    const port = PORTS.scheduler.from;
    const { privateAddress } = cluster.scheduler;
    const withoutDns =
      privateAddress === undefined
        ? "with the address of the output scheduler_ip"
        : `${protocol(cluster)}://${privateAddress}:${port}`;
    this.output(
      "tunnel_scheduler",
      commands.tunnelScheduler,
      `Opens a tunnel; while it is open, the scheduler is at ${protocol(cluster)}://localhost:${port}`,
    );
    this.output(
      "tunnel_dashboard",
      commands.tunnelDashboard,
      `Opens the dashboard; while it runs, it is at ${tls ? "https" : "http"}://localhost:${PORTS.dashboard.from}/status`,
    );
    this.output("connect", plain.connect, "Python code of a client, with tunnel_scheduler open");
    this.output(
      "scheduler_address",
      schedulerAddress,
      tls
        ? `Scheduler, from the VPC or an admin subnet with DNS of the hosted zone; without DNS ${withoutDns}`
        : "Scheduler, for nodes of the cluster only",
    );
    if (privateAddress === undefined)
      this.output(
        "scheduler_ip",
        scheduler.instance.privateIp,
        "IP address of the scheduler, until it is replaced",
      );
    this.output(
      "dashboard_link",
      dashboardUrl,
      tls
        ? "Dashboard, from the VPC or an admin subnet with DNS of the hosted zone; user dask"
        : "Dashboard, with tunnel_dashboard open",
    );
    this.output("tunnel_monitoring", plain.tunnelMonitoring, "Opens a tunnel to Prometheus");
    this.output(
      "monitoring_link",
      monitoringUrl,
      tls
        ? "Prometheus with charts and alerts, with the password of the dashboard"
        : "Prometheus with charts and alerts, with tunnel_monitoring open",
    );
    this.output(
      "client_bundle",
      plain.clientBundle,
      "Fetches the certificate and configuration of clients; run it again when the certificate has expired",
    );
    this.output(
      "dashboard_password",
      tls ? commands.dashboardPassword : undefined,
      "Prints the password of the dashboard's user dask",
    );
  }

  private operating(
    { alerts, cluster: { tls, autoscaling }, plan, backup, commands: { logsOfNodes } }: DaskCluster,
    commands: DaskClusterCommands,
  ) {
    this.output(
      "alert_topic",
      alerts?.arn,
      "SNS topic with the alerts of Prometheus and CloudWatch, for more subscriptions",
    );
    this.output(
      "backup",
      backup && commands.backup,
      "Backs up the published datasets; `restore` in place of `backup` restores them",
    );
    this.output(
      "node_states",
      commands.status,
      "Lists whether each node is ready, or why it failed; AWS lists terminated instances for about an hour",
    );
    this.output(
      "smoke_test",
      commands.smokeTest,
      "Tests on the scheduler's node whether the cluster does what its definition says",
    );
    this.output("boot_log_scheduler", commands.bootLogOfScheduler, "Follows the boot of the scheduler");
    this.output(
      "logs",
      logsOfNodes,
      "Follows the logs of all nodes in CloudWatch Logs, which has those of terminated nodes too",
    );
    this.output("logs_scheduler", commands.logsOfScheduler, "Follows the logs of the scheduler");
    this.output(
      "rotate_dashboard_password",
      tls ? commands.rotateDashboardPassword : undefined,
      "Changes the password of the dashboard's user dask",
    );
    this.output(
      "renew_certificates",
      tls ? commands.renewCertificates : undefined,
      "Renews all certificates now. Renewal is otherwise automatic",
    );
    for (const { pool } of plan.pools) {
      this.output(
        `scale_${pool.name}`,
        commands.scale(pool),
        `Sets the number of instances of the pool ${pool.name}: ${pool.minSize} to ${pool.maxSize}${autoscaling ? ". Without work, the autoscaler undoes this after the pool's idle time" : ""}`,
      );
      this.output(
        `logs_${pool.name}`,
        commands.logsOf(pool),
        `Follows the logs of the first instance of the pool ${pool.name}`,
      );
    }
  }

  /** Adds the ids that the network of administrators needs for routes and DNS. */
  private network({ vpcId, hostedZoneId, privateRouteTableIds }: DaskCluster) {
    this.output("vpc_id", vpcId, "VPC of the cluster, for peering or a transit gateway");
    this.output(
      "hosted_zone_id",
      hostedZoneId,
      "Private hosted zone of the scheduler's name, to associate with the VPC of the administrators",
    );
    this.output(
      "private_route_table_ids",
      privateRouteTableIds && [...privateRouteTableIds],
      "Route tables of the nodes, for the route back to the administrators",
    );
  }

  /** Adds an output if the cluster has a value for it. */
  private output(name: string, value: string | string[] | undefined, description: string) {
    if (value !== undefined) new TerraformOutput(this, name, { value, description, staticId: true });
  }
}
