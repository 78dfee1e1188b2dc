import type { HostedZoneDefinition } from "../../config/definition";
import type { ExistingNetwork } from "../../config/resolved-cluster";
import type { Account } from "../account/account";

/** Postcondition of a data source: an expression of Terraform, and the message of a plan that fails. */
export interface Condition {
  readonly condition: string;
  readonly errorMessage: string;
}

/** The subnet is in the VPC. */
export function subnetOfVpc(path: string, subnetId: string, vpcId: string): Condition {
  return {
    condition: `\${self.vpc_id == "${vpcId}"}`,
    errorMessage: `${path}: got ${subnetId} of the VPC \${self.vpc_id}, expected a subnet of ${vpcId}. Hint: all subnets of a cluster are in network.vpcId`,
  };
}

/** The account owns the VPC, because only then it can associate the VPC with a new hosted zone. */
export function notShared({ vpcId }: ExistingNetwork, { accountId }: Account): Condition {
  return {
    condition: `\${self.owner_id == ${accountId}}`,
    errorMessage: `network.hostedZone: got nothing, expected a hosted zone or false, because the account \${self.owner_id} shares ${vpcId}: only the owner of a VPC can associate it with a new hosted zone. Hint: set network.hostedZone: false and network.schedulerAddress, or name a hosted zone that the VPC resolves`,
  };
}

/** The scheduler's address is in its subnet. */
export function addressInSubnet(address: string, subnetId: string): Condition {
  return {
    // `cidrhost` ignores the bits of a block beyond its prefix.
    condition: `\${cidrhost(format("%s/%s", "${address}", split("/", self.cidr_block)[1]), 0) == cidrhost(self.cidr_block, 0)}`,
    errorMessage: `network.schedulerAddress: got ${address}, expected an address of ${subnetId}, \${self.cidr_block}. Hint: choose an address of this subnet that is not in use, or set scheduler.subnetId`,
  };
}

/** AWS does not reserve the scheduler's address (Amazon VPC User Guide, "Subnet CIDR blocks"). */
export function addressNotReserved(address: string, subnetId: string): Condition {
  return {
    condition: `\${!contains([for index in [0, 1, 2, 3, -1] : cidrhost(self.cidr_block, index)], "${address}")}`,
    errorMessage: `network.schedulerAddress: got ${address}, expected an address that AWS does not reserve: it reserves the first four and the last of ${subnetId}, \${self.cidr_block}. Hint: choose another address of this subnet`,
  };
}

/** The VPC has what private hosted zones require (Route 53 Developer Guide, "Considerations … private hosted zone"). */
export function dnsOfVpc(vpcId: string): Condition {
  return {
    condition: "${self.enable_dns_support && self.enable_dns_hostnames}",
    errorMessage: `network.vpcId: got ${vpcId} with DNS support \${self.enable_dns_support} and DNS hostnames \${self.enable_dns_hostnames}, expected both true, which the hosted zone of the cluster requires. Hint: turn both on, or set network.hostedZone: false and network.schedulerAddress`,
  };
}

/** The hosted zone has the name from which the scheduler's name is made. */
export function zoneHasName({ id, name }: HostedZoneDefinition): Condition {
  return {
    condition: `\${trimsuffix(self.name, ".") == "${name}"}`,
    errorMessage: `network.hostedZone.name: got ${name}, expected \${self.name}, the name of ${id}. Hint: correct the name or the id`,
  };
}
