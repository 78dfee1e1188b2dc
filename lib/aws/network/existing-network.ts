import { DataAwsRoute53Zone } from "@cdktf/provider-aws/lib/data-aws-route53-zone";
import { DataAwsSubnet } from "@cdktf/provider-aws/lib/data-aws-subnet";
import { DataAwsVpc } from "@cdktf/provider-aws/lib/data-aws-vpc";
import { Construct } from "constructs";
import type { ExistingNetwork as Existing, ResolvedCluster } from "../../config/resolved-cluster";
import type { Account } from "../account/account";
import type { ClusterNetwork } from "./cluster-network";
import { RoomForFirstNodes } from "./room-for-first-nodes";
import {
  addressInSubnet,
  addressNotReserved,
  type Condition,
  dnsOfVpc,
  notShared,
  subnetOfVpc,
  zoneHasName,
} from "./subnet-conditions";

/** Cluster and network of the data sources. */
export interface ExistingNetworkProps {
  /** Cluster whose subnets are read. */
  readonly cluster: ResolvedCluster;
  /** Network in the definition of the cluster. */
  readonly existing: Existing;
  /** Account of the deployment. */
  readonly account: Account;
}

/**
 * Existing network of a definition: data sources of its VPC, subnets and hosted zone. A plan fails if the definition does not
 * fit them, with a message that has the path in the definition. It creates no resources.
 */
export class ExistingNetwork extends Construct implements ClusterNetwork {
  readonly vpcId: string;
  readonly privateSubnetIds: readonly string[];
  readonly vpcBlocks?: readonly string[];

  constructor(scope: Construct, id: string, { cluster, existing, account }: ExistingNetworkProps) {
    super(scope, id);
    const { vpcId, privateSubnetIds, hostedZone } = existing;
    this.vpcId = vpcId;
    this.privateSubnetIds = privateSubnetIds;
    const { subnetId: schedulerSubnet = "", privateAddress } = cluster.scheduler;

    const ofScheduler: readonly Condition[] = [
      ...(hostedZone === undefined ? [notShared(existing, account)] : []),
      ...(privateAddress === undefined
        ? []
        : [
            addressInSubnet(privateAddress, schedulerSubnet),
            addressNotReserved(privateAddress, schedulerSubnet),
          ]),
    ];
    const paths = subnetPaths(cluster, existing);
    const subnets = new Map<string, DataAwsSubnet>();
    for (const [subnetId, path] of paths) {
      const conditions: readonly Condition[] = [
        subnetOfVpc(path, subnetId, vpcId),
        ...(subnetId === schedulerSubnet ? ofScheduler : []),
      ];
      const subnet = new DataAwsSubnet(this, subnetId, {
        id: subnetId,
        lifecycle: { postcondition: [...conditions] },
      });
      subnets.set(subnetId, subnet);
    }
    new RoomForFirstNodes(this, "room", { cluster, network: this, subnets, paths });

    // The attributes of a VPC that another account shares are not read.
    if (hostedZone === undefined || cluster.network.nat === "none") {
      const vpc = new DataAwsVpc(this, "vpc", {
        id: vpcId,
        ...(hostedZone === undefined && { lifecycle: { postcondition: [dnsOfVpc(vpcId)] } }),
      });
      if (cluster.network.nat === "none")
        this.vpcBlocks = vpc.getListAttribute("cidr_block_associations[*].cidr_block");
    }
    if (hostedZone)
      new DataAwsRoute53Zone(this, "hosted-zone", {
        zoneId: hostedZone.id,
        lifecycle: { postcondition: [zoneHasName(hostedZone)] },
      });
  }
}

/** Returns the id of each subnet with the first path that names it. */
function subnetPaths(
  { scheduler, pools }: ResolvedCluster,
  { privateSubnetIds }: Existing,
): ReadonlyMap<string, string> {
  const named = [
    ...privateSubnetIds.map((id, index) => [id, `network.privateSubnetIds[${index}]`] as const),
    ...(scheduler.subnetId === undefined ? [] : [[scheduler.subnetId, "scheduler.subnetId"] as const]),
    ...pools.flatMap(({ subnetIds = [] }, pool) =>
      subnetIds.map((id, index) => [id, `pools[${pool}].subnetIds[${index}]`] as const),
    ),
  ];
  // The last entry of a key counts.
  return new Map([...named].reverse());
}
