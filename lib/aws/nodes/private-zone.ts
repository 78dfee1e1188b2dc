import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Route53Zone } from "@cdktf/provider-aws/lib/route53-zone";
import { Resource as NullResource } from "@cdktf/provider-null/lib/resource";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import { nameOf } from "../account/names";
import type { ClusterNetwork } from "../network/cluster-network";
import type { Scheduler } from "./scheduler";

/** Properties of a `PrivateZone`. */
export interface PrivateZoneProps {
  /** Cluster that the zone belongs to. */
  readonly cluster: ResolvedCluster;
  /** Network whose machines see the zone. */
  readonly network: ClusterNetwork;
  /** Scheduler that the zone names. */
  readonly scheduler: Scheduler;
}

/**
 * The name of the scheduler: `scheduler.<cluster>.internal`, seen from inside the VPC. It is known before anything
 * is deployed, so a worker's user data can hold it.
 */
export class PrivateZone extends Construct {
  /** Id of the hosted zone, for associations with other VPCs. */
  readonly zoneId: string;
  /** Record of the scheduler. Workers wait for it: a name that is asked for too early is remembered as missing. */
  readonly record: Route53Record;

  constructor(scope: Construct, id: string, { cluster, network, scheduler }: PrivateZoneProps) {
    super(scope, id);
    const vpc = new NullResource(this, "vpc", { triggers: { vpc: network.vpcId } });
    const zone = new Route53Zone(this, "Resource", {
      name: `${cluster.name}.internal`,
      comment: `members of the Dask cluster ${cluster.name}`,
      vpc: [{ vpcId: network.vpcId }],
      tags: { Name: resourceName(cluster, "internal") },
      // Other VPCs are associated elsewhere; Terraform would disassociate them (provider documentation of
      // aws_route53_zone_association).
      lifecycle: {
        ignoreChanges: ["vpc"],
        // A cluster that moves to another VPC.
        replaceTriggeredBy: [nameOf(vpc)],
      },
    });
    this.zoneId = zone.zoneId;
    this.record = new Route53Record(this, "scheduler", {
      zoneId: zone.zoneId,
      name: cluster.scheduler.hostname,
      type: "A",
      ttl: 300,
      records: [scheduler.instance.privateIp],
    });
  }
}
