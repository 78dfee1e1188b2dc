import type { Cluster } from "../cluster/cluster";
import { PORTS } from "../cluster/ports";
import { LIBRARY, NODE_LOG } from "../node/node-files";
import type { PoolPlan } from "../node/plan";
import type { Service } from "../node/service";
import { STATE_TAG } from "./roles/node-role";

/**
 * AWS CLI commands to operate a cluster. They find instances by tag and by the fixed names of the Auto Scaling groups,
 * so they contain no Terraform reference and work while a deployment is running, and after one that failed. The
 * commands that open a session need the Session Manager plugin of the AWS CLI.
 *
 * @example
 * new Commands(defineCluster({ name: "research", network: { adminSubnets: ["10.0.0.0/16"] } })).machineStates;
 */
export class Commands {
  private readonly region: string;
  private readonly scheduler: string;

  constructor(private readonly cluster: Cluster) {
    this.region = `--region ${cluster.region}`;
    this.scheduler = `$(aws ec2 describe-instances ${this.region} --filters Name=tag:dask:cluster,Values=${cluster.name} Name=tag:dask:role,Values=scheduler Name=instance-state-name,Values=pending,running --query 'Reservations[0].Instances[0].InstanceId' --output text)`;
  }

  /** Opens a tunnel from this port of localhost to the same port of the scheduler. */
  tunnel(port: "scheduler" | "dashboard"): string {
    const { from } = PORTS[port];
    return this.session(
      this.scheduler,
      "AWS-StartPortForwardingSession",
      `portNumber=${from},localPortNumber=${from}`,
    );
  }

  /** Lists all instances with the state that each node reports in its tag. */
  get machineStates(): string {
    const tags = ["Name", STATE_TAG].map((key) => `Tags[?Key==\`"${key}"\`]|[0].Value`);
    return `aws ec2 describe-instances ${this.region} --filters Name=tag:dask:cluster,Values=${this.cluster.name} --query 'Reservations[].Instances[].[InstanceId,State.Name,${tags}]' --output text`;
  }

  /** Follows the log of the scheduler's boot. */
  get bootLogOfScheduler(): string {
    return this.run(this.scheduler, `sudo tail -n 200 -f ${NODE_LOG}`);
  }

  /** Follows the log of the scheduler. */
  get logsOfScheduler(): string {
    return this.logs(this.scheduler, "dask-scheduler");
  }

  /** Follows the log of the workers on a pool's first instance. */
  logsOfPool({ node }: PoolPlan): string {
    const first = `$(aws autoscaling describe-auto-scaling-groups ${this.region} --auto-scaling-group-names ${node.name} --query 'AutoScalingGroups[0].Instances[0].InstanceId' --output text)`;
    return this.logs(first, node.service.name);
  }

  /** Sets the number of a pool's instances. */
  scale({ pool, node }: PoolPlan): string {
    return `aws autoscaling set-desired-capacity ${this.region} --auto-scaling-group-name ${node.name} --desired-capacity ${pool.desiredSize}`;
  }

  /** Runs a program of the scheduler's node, such as `certificates renew`. */
  onScheduler(program: string): string {
    return this.run(this.scheduler, `sudo ${LIBRARY}/${program}`);
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
