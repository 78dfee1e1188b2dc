import { PORTS } from "../config/ports";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { nodeLogGroup } from "../node/logs";
import { NODE_LOG } from "../node/node-files";
import type { ClusterPlan, PoolPlan } from "../node/plan";
import { moduleCommand } from "../node/python-files";
import type { Service } from "../node/service";
import { clientBundle, connection, readSecret } from "./client-bundle";
import { STATE_TAG } from "./roles/node-role";

/** AWS CLI commands to operate a pool. */
export interface PoolCommands {
  /** Sets the number of the pool's instances. Without work, the autoscaler undoes this after the pool's idle time. */
  readonly scale: string;
  /** Follows the log of the workers on the pool's first instance. */
  readonly logs: string;
}

/**
 * AWS CLI commands to connect to a cluster and to operate it, for computers without `dask-cluster`. They find instances by their tags and by the fixed names of
 * the Auto Scaling groups, so they also work during a deployment, and after one that failed. Commands that open a session
 * require the Session Manager plugin of the AWS CLI.
 *
 * @example
 * const { commands } = new DaskCluster(stack, "dask", { cluster });
 * new TerraformOutput(stack, "tunnel", { value: commands.tunnelDashboard });
 */
export class Commands {
  /** Commands of each pool, by the name of the pool. */
  readonly pools: Readonly<Record<string, PoolCommands>>;

  private readonly region: string;
  private readonly scheduler: string;

  constructor(
    private readonly cluster: ResolvedCluster,
    private readonly plan: ClusterPlan,
  ) {
    this.region = `--region ${cluster.region}`;
    this.scheduler = `$(aws ec2 describe-instances ${this.region} --filters Name=tag:dask:cluster,Values=${cluster.name} Name=tag:dask:role,Values=scheduler Name=instance-state-name,Values=pending,running --query 'Reservations[0].Instances[0].InstanceId' --output text)`;
    this.pools = Object.fromEntries(
      plan.pools.map((pool) => [pool.pool.name, { scale: this.scale(pool), logs: this.logsOfPool(pool) }]),
    );
  }

  /** Opens a tunnel from port 8786 of localhost to the scheduler. */
  get tunnelScheduler(): string {
    return this.tunnel("scheduler");
  }

  /** Opens a tunnel from port 8787 of localhost to the dashboard. */
  get tunnelDashboard(): string {
    return this.tunnel("dashboard");
  }

  /** Opens a tunnel from port 9090 of localhost to Prometheus. Undefined without monitoring, and with TLS, whose proxy has it. */
  get tunnelMonitoring(): string | undefined {
    return this.cluster.monitoring && !this.cluster.tls ? this.tunnel("prometheus") : undefined;
  }

  /** Python code that connects a client. `tunnelScheduler` has to be open. */
  get connect(): string {
    return connection(this.cluster);
  }

  /**
   * Writes the key, certificate and configuration of a client, and the expectation of the smoke test, to `~/.dask/<cluster>`.
   * Undefined without TLS.
   */
  get clientBundle(): string | undefined {
    return this.cluster.tls ? clientBundle(this.cluster, this.plan) : undefined;
  }

  /** Prints the password of the dashboard's user `dask`. Undefined without TLS. */
  get dashboardPassword(): string | undefined {
    return this.cluster.tls ? readSecret(this.cluster, "dashboard") : undefined;
  }

  /** Changes the password of the dashboard's user `dask`. Undefined without TLS. */
  get rotateDashboardPassword(): string | undefined {
    return this.cluster.tls ? this.onScheduler("dashboard", "renew") : undefined;
  }

  /** Renews all certificates now. Undefined without TLS. */
  get renewCertificates(): string | undefined {
    return this.cluster.tls ? this.onScheduler("certificates", "renew") : undefined;
  }

  /** Tests on the scheduler's node whether the cluster matches its definition: pools, resources, versions. */
  get smokeTest(): string {
    return this.onScheduler("smoke_test");
  }

  /** Lists all instances with the state in the tag `dask:state` of each node. */
  get nodeStates(): string {
    const tags = ["Name", STATE_TAG].map((key) => `Tags[?Key==\`"${key}"\`]|[0].Value`);
    return `aws ec2 describe-instances ${this.region} --filters Name=tag:dask:cluster,Values=${this.cluster.name} --query 'Reservations[].Instances[].[InstanceId,State.Name,${tags}]' --output text`;
  }

  /** Follows the logs of all nodes in CloudWatch Logs. Requires version 2 of the AWS CLI. */
  get logsOfNodes(): string {
    return `aws logs tail ${nodeLogGroup(this.cluster)} ${this.region} --follow`;
  }

  /** Follows the log of the scheduler's boot. */
  get bootLogOfScheduler(): string {
    return this.run(this.scheduler, `sudo tail -n 200 -f ${NODE_LOG}`);
  }

  /** Follows the log of the scheduler. */
  get logsOfScheduler(): string {
    return this.logs(this.scheduler, "dask-scheduler");
  }

  private tunnel(port: "scheduler" | "dashboard" | "prometheus"): string {
    const { from } = PORTS[port];
    return this.session(
      this.scheduler,
      "AWS-StartPortForwardingSession",
      `portNumber=${from},localPortNumber=${from}`,
    );
  }

  private logsOfPool({ node }: PoolPlan): string {
    const first = `$(aws autoscaling describe-auto-scaling-groups ${this.region} --auto-scaling-group-names ${node.name} --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text)`;
    return this.logs(first, node.service.name);
  }

  private scale({ pool, node }: PoolPlan): string {
    return `aws autoscaling set-desired-capacity ${this.region} --auto-scaling-group-name ${node.name} --desired-capacity ${pool.desiredSize}`;
  }

  private onScheduler(module: string, ...argv: readonly string[]): string {
    return this.run(this.scheduler, `sudo ${moduleCommand(module, ...argv).join(" ")}`);
  }

  private logs(target: string, unit: Service["name"]): string {
    return this.run(target, `sudo journalctl -f -n 200 -u ${unit}`);
  }

  private run(target: string, command: string): string {
    return this.session(target, "AWS-StartInteractiveCommand", `command=${command}`);
  }

  private session(target: string, document: string, parameters: string): string {
    return `aws ssm start-session ${this.region} --target ${target} --document-name ${document} --parameters '${parameters}'`;
  }
}
