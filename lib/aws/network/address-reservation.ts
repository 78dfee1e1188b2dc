import { Ec2SubnetCidrReservation } from "@cdktf/provider-aws/lib/ec2-subnet-cidr-reservation";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { type ClusterNetwork, schedulerSubnetId } from "./cluster-network";

/** Decides which address is reserved, and in which subnet. */
export interface AddressReservationProps {
  /** Cluster whose scheduler has the address. */
  readonly cluster: ResolvedCluster;
  /** Network of the scheduler. */
  readonly network: Pick<ClusterNetwork, "privateSubnetIds">;
}

/**
 * Keeps the scheduler's fixed address free. AWS assigns no address of an explicit reservation by itself, so no worker,
 * endpoint or image builder takes it before the scheduler starts or while it is being replaced; the scheduler names it
 * (VPC User Guide, "Subnet CIDR reservations").
 */
export class AddressReservation extends Construct {
  /** The reservation. Whatever takes an address of the subnet depends on it. */
  readonly reservation: ITerraformDependable;

  constructor(scope: Construct, id: string, { cluster, network }: AddressReservationProps) {
    super(scope, id);
    this.reservation = new Ec2SubnetCidrReservation(this, "Resource", {
      subnetId: schedulerSubnetId(cluster, network),
      // One address only: a small subnet needs the others.
      cidrBlock: `${cluster.scheduler.privateAddress}/32`,
      reservationType: "explicit",
      description: `scheduler of the Dask cluster ${cluster.name}`,
    });
  }
}
