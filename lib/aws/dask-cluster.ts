import { Annotations } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { checkScalingOnAws } from "../config/rules/autoscaling";
import { dataWarnings, permissionsBoundaryOf } from "../config/rules/data";
import { unknownDaskKeys } from "../config/rules/settings";
import { checkExistingNetwork } from "../config/rules/vpc";
import { settingsWithoutEffect, unverifiedFacts } from "../config/rules/warnings";
import { autoscalerKey, settingsOnAws } from "../node/autoscaler-service";
import { nodeLogGroup } from "../node/logs";
import { monitoringUrl } from "../node/monitoring/monitoring";
import { dashboardLink } from "../node/node-context";
import type { NodePlan } from "../node/node-plan";
import { type ClusterPlan, planNodes } from "../node/plan";
import { expectationKey } from "../node/smoke-test";
import { Account } from "./account/account";
import { AutoscalingRole } from "./account/autoscaling-role";
import { AlertTopic } from "./alerts/alert-topic";
import { ArtifactBucket } from "./artifacts/artifact-bucket";
import { BundleObject } from "./artifacts/bundle-object";
import { JsonObject } from "./artifacts/json-object";
import { BackupLocation } from "./backup/backup-location";
import { Commands } from "./commands";
import { ClusterKey } from "./encryption/cluster-key";
import { ClusterSecrets } from "./encryption/cluster-secrets";
import type { EncryptionKey } from "./encryption/encryption-key";
import { ExistingKey } from "./encryption/existing-key";
import { LogGroup } from "./encryption/log-group";
import { BakedImages } from "./image/baked-images";
import { CloudWatchMonitoring } from "./monitoring/cloudwatch-monitoring";
import type { ClusterNetwork } from "./network/cluster-network";
import { ClusterSecurityGroups } from "./network/cluster-security-groups";
import { ExistingNetwork } from "./network/existing-network";
import { FlowLogs } from "./network/flow-logs";
import { Network } from "./network/network";
import { DeadManSwitch } from "./nodes/dead-man-switch";
import { PrivateZone } from "./nodes/private-zone";
import { Scheduler } from "./nodes/scheduler";
import { SchedulerReadiness } from "./nodes/scheduler-readiness";
import { WorkerPool } from "./nodes/worker-pool";
import { CaSecretPolicy } from "./roles/ca-secret-policy";
import { PoolRole } from "./roles/pool-role";
import { SchedulerRole } from "./roles/scheduler-role";

/** Cluster to deploy, and the existing resources that it uses. */
export interface DaskClusterProps {
  /** Output of `defineCluster`. */
  readonly cluster: ResolvedCluster;
  /**
   * Network of the instances, for a VPC that is created in the same stack. Its owner manages flow logs, NAT gateways and
   * endpoints. For a VPC that exists before, use `network.vpcId` of the definition.
   *
   * @default - the existing VPC of the definition, or a new one
   */
  readonly network?: ClusterNetwork;
  /**
   * Existing KMS key for disks, AMIs, secrets, bundles and logs.
   *
   * @default - a new key
   */
  readonly key?: EncryptionKey;
  /**
   * Minutes that a deployment waits until the workers of each pool's first instances are registered with the scheduler.
   * The wait for the scheduler before that is not part of it, and lasts at most 45 minutes. With 0, a deployment does not wait
   * for the scheduler either, and does not report if the scheduler fails.
   *
   * @default 45
   */
  readonly waitForCapacityMinutes?: number;
  /**
   * ARN of the permissions boundary of the cluster's IAM roles. It has to allow what the roles do (docs/security.md, "Your
   * permissions"). Service-linked roles cannot have one. If the definition names a boundary too, it must be the same.
   *
   * @default - that of the definition
   */
  readonly permissionsBoundary?: string;
}

/**
 * Dask cluster on AWS: a scheduler with a fixed name or address, and pools of workers. The stack needs the providers
 * aws and null; `AwsStack` has both, with state backend, default tags and outputs.
 *
 * The parts of the cluster are public properties. The main resource of a part is its `node.defaultChild`, such as the
 * `Instance` of `scheduler`, the `AutoscalingGroup` of a pool and the `LaunchTemplate` of its `template`.
 *
 * @example
 * import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
 *
 * const dask = new DaskCluster(stack, "dask", { cluster });
 * dask.pools.cpu?.role.addToPolicy({ Action: "s3:GetObject", Resource: "arn:aws:s3:::my-data/*" });
 * new TerraformOutput(stack, "tunnel", { value: dask.commands.tunnelScheduler });
 *
 * const group = dask.pools.cpu?.node.defaultChild;
 * if (group instanceof AutoscalingGroup) group.maxInstanceLifetime = 604_800;
 *
 * @throws ValidationError if the definition does not fit `network` or `permissionsBoundary`, or `key` is not the ARN of a key
 */
export class DaskCluster extends Construct {
  /** Resolved definition of the cluster. */
  readonly cluster: ResolvedCluster;
  /** Plans of the nodes, with the images that they start from. */
  readonly plan: ClusterPlan;
  /** Network of the instances. */
  readonly network: ClusterNetwork;
  /** Id of the VPC, for peering connections, VPNs and transit gateways. */
  readonly vpcId: string;
  /**
   * Ids of the route tables of the private subnets, in the order of the zones, for routes to the network of administrators.
   * Undefined with an existing network without `privateRouteTableIds`.
   */
  readonly privateRouteTableIds?: readonly string[];
  /**
   * Id of the private hosted zone with the scheduler's name, for associations with the VPCs of clients. Undefined with
   * `network.hostedZone: false` in the definition.
   */
  readonly hostedZoneId?: string;
  /** Flow logs of the VPC; undefined with an existing network. */
  readonly flowLogs?: FlowLogs;
  /** Log group with the journals of the nodes, encrypted by `key`; for subscription filters and alarms. */
  readonly logs: LogGroup;
  /** AWS CLI commands to connect to the cluster and to operate it. */
  readonly commands: Commands;
  /** KMS key of all data of the cluster. */
  readonly key: ClusterKey | ExistingKey;
  /** Secrets with certificates, and with the password of the dashboard; undefined without TLS. */
  readonly secrets?: ClusterSecrets;
  /** Topic with the alerts of Prometheus and of CloudWatch; undefined without monitoring. */
  readonly alerts?: AlertTopic;
  /** Alarms and dashboard of CloudWatch; undefined without monitoring. */
  readonly cloudWatch?: CloudWatchMonitoring;
  /** Security groups of the instances, for additional rules. */
  readonly securityGroups: ClusterSecurityGroups;
  /** Location of the backups; undefined without `backup` in the definition. */
  readonly backup?: BackupLocation;
  /** Baked AMIs; undefined without `bakedImages`. */
  readonly images?: BakedImages;
  /** Node of the scheduler. */
  readonly scheduler: Scheduler;
  /** Pools of workers, by name. */
  readonly pools: Readonly<Record<string, WorkerPool>>;
  /** Address of the scheduler in the VPC, such as `tls://scheduler.production.internal:8786`. */
  readonly schedulerAddress: string;
  /** URL of the dashboard in the VPC; without TLS, its URL on localhost while `commands.tunnelDashboard` is open. */
  readonly dashboardUrl: string;
  /**
   * URL of Prometheus in the VPC; without TLS, its URL on localhost while `commands.tunnelMonitoring` is open. Undefined without
   * monitoring.
   */
  readonly monitoringUrl?: string;

  constructor(scope: Construct, id: string, props: DaskClusterProps) {
    super(scope, id);
    const { cluster, waitForCapacityMinutes } = props;
    if (props.network) checkExistingNetwork(cluster, props.network);
    checkScalingOnAws(cluster);
    const deployment = { existingNetwork: props.network !== undefined };
    const warnings = [
      settingsWithoutEffect(cluster, deployment),
      unverifiedFacts(cluster),
      dataWarnings(cluster),
      unknownDaskKeys(cluster),
    ];
    for (const warning of warnings.flat()) Annotations.of(this).addWarning(warning);
    this.cluster = cluster;
    const permissionsBoundary = permissionsBoundaryOf(cluster, props.permissionsBoundary);
    const account = new Account(this, "account", {
      cluster,
      ...(permissionsBoundary === undefined ? {} : { permissionsBoundary }),
    });
    const autoscaling = new AutoscalingRole(this, "autoscaling-role", { cluster });
    const key = props.key
      ? new ExistingKey(this, "existing-key", { cluster, key: props.key, autoscaling })
      : new ClusterKey(this, "key", { cluster, account, autoscaling });
    this.key = key;
    const { existing } = cluster.network;
    if (props.network) this.network = props.network;
    else if (existing)
      this.network = new ExistingNetwork(this, "existing-network", { cluster, existing, account });
    else {
      const network = new Network(this, "network", { cluster });
      this.flowLogs = new FlowLogs(this, "flow-logs", { cluster, account, key, network });
      this.network = network;
    }
    const { privateRouteTableIds } = this.network;
    if (privateRouteTableIds) this.privateRouteTableIds = privateRouteTableIds;
    this.vpcId = this.network.vpcId;
    this.securityGroups = new ClusterSecurityGroups(this, "security", { cluster, network: this.network });

    const artifacts = new ArtifactBucket(this, "artifacts", { cluster, account, key });
    const backup = cluster.backup && new BackupLocation(this, "backup", { cluster, account });
    if (backup) this.backup = backup;
    const secrets = cluster.tls ? new ClusterSecrets(this, "secrets", { cluster, key }) : undefined;
    if (secrets) this.secrets = secrets;
    const { monitoring } = cluster;
    if (monitoring) this.alerts = new AlertTopic(this, "alerts", { cluster, monitoring, account, key });
    const planned = planNodes(cluster);
    if (cluster.bakedImages)
      this.images = new BakedImages(this, "images", {
        cluster,
        plan: planned,
        account,
        key,
        artifacts,
        network: this.network,
      });
    this.plan = this.images?.plan ?? planned;
    const common = { cluster, key, network: this.network, securityGroups: this.securityGroups };
    const bundles = new Construct(this, "bundles");
    const withBundle = (id: string, node: NodePlan) => ({
      node,
      bundle: new BundleObject(bundles, id, { bundle: node.bundle, bucket: artifacts, key }),
    });
    this.logs = new LogGroup(this, "logs", { cluster, key, name: nodeLogGroup(cluster) });
    const permissions = { cluster, account, key, artifacts, logs: this.logs, ...(secrets && { secrets }) };

    const scheduler = withBundle("scheduler", this.plan.scheduler);
    const expectation = new JsonObject(this, "expectation", {
      ...{ key, bucket: artifacts, path: expectationKey(cluster) },
      content: this.plan.expectation,
    });
    const autoscaler =
      cluster.autoscaling &&
      new JsonObject(this, "autoscaler", {
        ...{ key, bucket: artifacts, path: autoscalerKey(cluster) },
        content: settingsOnAws(cluster, cluster.autoscaling, this.alerts?.arn),
      });
    const role = new SchedulerRole(this, "scheduler-role", {
      ...{ ...permissions, ...scheduler, expectation },
      ...(autoscaler && {
        autoscaler: { settings: autoscaler, groups: this.plan.pools.map(({ node }) => node.name).sort() },
      }),
      ...(this.alerts && { alerts: this.alerts }),
    });
    if (secrets) new CaSecretPolicy(this, "authority-policy", { secrets, role });
    this.scheduler = new Scheduler(this, "scheduler", {
      ...{ ...common, ...scheduler, role },
      ...(backup && { backup }),
    });
    const zone =
      existing?.hostedZone === false
        ? undefined
        : new PrivateZone(this, "zone", { cluster, network: this.network, scheduler: this.scheduler });
    if (zone) this.hostedZoneId = zone.zoneId;
    const readiness =
      waitForCapacityMinutes === 0
        ? undefined
        : new SchedulerReadiness(this, "scheduler-readiness", { cluster, scheduler: this.scheduler });
    if (this.alerts)
      this.cloudWatch = new CloudWatchMonitoring(this, "cloudwatch", {
        ...{ cluster, account, scheduler: this.scheduler },
        ...{ pools: this.plan.pools, logs: this.logs, alerts: this.alerts },
      });
    const pools = new Construct(this, "pools");
    const roles = new Construct(this, "pool-roles");
    this.pools = Object.fromEntries(
      this.plan.pools.map(({ pool, node }) => {
        const worker = withBundle(pool.name, node);
        const props = {
          ...common,
          ...worker,
          pool,
          ...(zone && { zone }),
          autoscaling,
          role: new PoolRole(roles, pool.name, {
            ...permissions,
            ...worker,
            pool,
            ...(backup && { backup }),
          }),
          scheduler: this.scheduler,
          ...(readiness && { readiness }),
          ...(waitForCapacityMinutes === undefined ? {} : { waitForCapacityMinutes }),
        };
        return [pool.name, new WorkerPool(pools, pool.name, props)];
      }),
    );
    const seconds = cluster.autoscaling?.deadManSwitch;
    if (seconds) {
      const switches = new Construct(this, "dead-man-switch");
      for (const [name, pool] of Object.entries(this.pools))
        new DeadManSwitch(switches, name, {
          ...{ cluster, pool, seconds },
          ...(this.alerts && { alertArns: [this.alerts.arn] }),
        });
    }

    this.commands = new Commands(cluster, this.plan);
    this.schedulerAddress = this.plan.schedulerAddress;
    this.dashboardUrl = dashboardLink(cluster);
    if (monitoring) this.monitoringUrl = monitoringUrl(cluster);
  }
}
