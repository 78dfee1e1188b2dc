import type { ResolvedCluster } from "../resolved-cluster";
import { ValidationError, type ValidationIssue } from "../validation-error";
import { issueIf } from "./rule";

/** The part of an existing network that a definition has to fit. */
export interface ExistingNetwork {
  /** Private subnets, in the order of the definition's zones. */
  readonly privateSubnetIds: readonly string[];
}

/**
 * Checks what a definition and an existing network say together. `defineCluster` cannot: it does not know whether a cluster
 * gets an existing network.
 *
 * @throws ValidationError with every issue
 */
export function checkExistingNetwork(cluster: ResolvedCluster, network: ExistingNetwork): void {
  const issues = [
    ...subnetIssues(cluster, network),
    ...addressIssues(cluster, network),
    ...vpcBlockIssues(cluster),
  ];
  if (issues.length > 0) throw new ValidationError(cluster.name, issues);
}

/** Each zone has a private subnet. */
function subnetIssues({ network: { zones } }: ResolvedCluster, { privateSubnetIds }: ExistingNetwork) {
  const at = { path: "network.privateSubnetIds", value: privateSubnetIds };
  return [
    ...issueIf(privateSubnetIds.length !== zones.length, {
      ...at,
      expected: `${zones.length}, one per zone of the definition`,
      hint: "name the private subnets in the order of network.zones",
    }),
    ...issueIf(new Set(privateSubnetIds).size < privateSubnetIds.length, {
      ...at,
      expected: "a different subnet for each zone",
      hint: "name the private subnet of each zone",
    }),
  ];
}

/** The scheduler's address is known: user data and certificates contain it. */
function addressIssues(
  { network: { zones }, scheduler, addressDefaults }: ResolvedCluster,
  { privateSubnetIds }: ExistingNetwork,
): readonly ValidationIssue[] {
  const subnet = privateSubnetIds[zones.findIndex(({ name }) => name === scheduler.zone)];
  return issueIf(addressDefaults.includes("scheduler.privateAddress"), {
    path: "scheduler.privateAddress",
    value: undefined,
    expected: `an address of the subnet ${subnet ?? "of the scheduler"}: in an existing network it has no default`,
    hint: "set scheduler.privateAddress to an address of the subnet that is not in use",
  });
}

/** Without NAT, the block of the VPC is known: security groups let instances out to it, and to nothing else. */
function vpcBlockIssues({ network: { nat }, addressDefaults }: ResolvedCluster): readonly ValidationIssue[] {
  return issueIf(nat === "none" && addressDefaults.includes("network.vpcCidr"), {
    path: "network.vpcCidr",
    value: undefined,
    expected: 'the block of the existing VPC: with nat "none", nodes reach endpoints in this block only',
    hint: "set network.vpcCidr to the block of the VPC",
  });
}
