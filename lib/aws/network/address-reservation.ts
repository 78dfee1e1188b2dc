import { Ec2SubnetCidrReservation } from "@cdktf/provider-aws/lib/ec2-subnet-cidr-reservation";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { type ClusterNetwork, schedulerSubnetId } from "./cluster-network";

/** Cluster and network of the reserved address. */
export interface AddressReservationProps {
  /** Cluster whose scheduler has the address. */
  readonly cluster: ResolvedCluster;
  /** Network of the scheduler. */
  readonly network: Pick<ClusterNetwork, "privateSubnetIds">;
}

/**
 * Reservation of the scheduler's fixed address. AWS assigns an address of an explicit reservation only on request, so
 * no worker, endpoint or image builder gets it before the scheduler starts or while it is replaced (VPC User Guide,
 * "Subnet CIDR reservations").
 */
export class AddressReservation extends Construct {
  /** The reservation. Resources with other addresses in the subnet depend on it. */
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
