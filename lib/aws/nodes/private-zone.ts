import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Route53Zone } from "@cdktf/provider-aws/lib/route53-zone";
import { Resource as NullResource } from "@cdktf/provider-null/lib/resource";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import { nameOf } from "../account/names";
import type { ClusterNetwork } from "../network/cluster-network";
import type { Scheduler } from "./scheduler";

/** Network of the zone, and the scheduler of its record. */
export interface PrivateZoneProps {
  /** Cluster of the zone. */
  readonly cluster: ResolvedCluster;
  /** Network in which the zone is visible. */
  readonly network: ClusterNetwork;
  /** Scheduler with the address of the record. */
  readonly scheduler: Scheduler;
}

/** Seconds that resolvers cache the address of the scheduler: less if another scheduler has another address. */
const TTL = { fixed: 300, chosenByEc2: 60 };

/**
 * Private hosted zone `<cluster>.internal`, or the existing one of the definition, with the record of the scheduler, such as
 * `scheduler.<cluster>.internal`. The name is known at synth, so the files of workers contain it.
 */
export class PrivateZone extends Construct {
  /** Id of the hosted zone, for associations with other VPCs. */
  readonly zoneId: string;
  /** Record of the scheduler. Instances of workers depend on it, because resolvers cache a missing name. */
  readonly record: Route53Record;

  constructor(scope: Construct, id: string, { cluster, network, scheduler }: PrivateZoneProps) {
    super(scope, id);
    const hostedZone = cluster.network.existing?.hostedZone;
    this.zoneId = hostedZone ? hostedZone.id : this.createZone(cluster, network);
    this.record = new Route53Record(this, "scheduler", {
      zoneId: this.zoneId,
      name: cluster.scheduler.hostname,
      type: "A",
      ttl: cluster.scheduler.privateAddress === undefined ? TTL.chosenByEc2 : TTL.fixed,
      records: [scheduler.instance.privateIp],
    });
  }

  private createZone(cluster: ResolvedCluster, network: ClusterNetwork): string {
    const vpc = new NullResource(this, "vpc", { triggers: { vpc: network.vpcId } });
    const zone = new Route53Zone(this, "Resource", {
      name: `${cluster.name}.internal`,
      comment: `DNS names of the Dask cluster ${cluster.name}`,
      vpc: [{ vpcId: network.vpcId }],
      tags: { Name: resourceName(cluster, "internal") },
      // Terraform would remove associations of other VPCs (provider documentation of aws_route53_zone_association).
      lifecycle: {
        ignoreChanges: ["vpc"],
        // Another VPC replaces the zone.
        replaceTriggeredBy: [nameOf(vpc)],
      },
    });
    return zone.zoneId;
  }
}
