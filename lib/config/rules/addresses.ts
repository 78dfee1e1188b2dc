import { unusableIn } from "../address-space";
import { blockSize, contains, indexIn, overlap, prefixOf } from "../cidr";
import type { ResolvedCluster } from "../resolved-cluster";
import { MAX_DERIVED_PREFIX } from "../subnets";
import type { ValidationIssue } from "../validation-error";
import { issueIf, type Rule } from "./rule";

/**
 * Rules for the blocks of the VPC and of its private subnets, in a VPC of the cluster and in an existing one. `vpc.ts` has
 * the rules that apply to only one of them.
 */

/** Sizes of VPCs and subnets (Amazon VPC User Guide, "VPC CIDR blocks", "Subnet CIDR blocks"). */
const [MIN_PREFIX, MAX_PREFIX] = [16, 28];

/** Number of reserved addresses at the beginning of a subnet; AWS also reserves the last one ("Subnet CIDR blocks"). */
const RESERVED_ADDRESSES = 4;

/** A block with its path in the definition. */
interface Place {
  readonly path: string;
  readonly cidr: string;
}

/** Returns the private subnets that are given or derived. `zonesOfTheRegion` reports duplicate zones. */
function privateSubnets({ network: { zones } }: ResolvedCluster): readonly Place[] {
  return zones.flatMap(({ name, privateSubnet: cidr }, index) =>
    cidr !== "" && zones.findIndex((zone) => zone.name === name) === index
      ? [{ path: `network.zones[${index}].privateSubnet`, cidr }]
      : [],
  );
}

/** Returns the issue of a block whose size AWS rejects. */
export function sizeIssues({ path, cidr }: Place): readonly ValidationIssue[] {
  return issueIf(prefixOf(cidr) < MIN_PREFIX || prefixOf(cidr) > MAX_PREFIX, {
    path,
    value: cidr,
    expected: `a prefix from /${MIN_PREFIX} to /${MAX_PREFIX}: AWS accepts no other sizes`,
    hint: "choose a block of that size",
  });
}

/** Returns the issue of a block that overlaps an earlier one. */
export function overlapIssues({ path, cidr }: Place, earlier: readonly Place[]): readonly ValidationIssue[] {
  const rival = earlier.find((other) => overlap(other.cidr, cidr));
  return issueIf(rival !== undefined, {
    path,
    value: cidr,
    expected: `a block that shares no address with ${rival?.path} (${rival?.cidr})`,
    hint: "move one of the two",
  });
}

/** AWS accepts the sizes and addresses of the VPC and of the private subnets, and the subnets do not overlap. */
export const blocks: Rule = (cluster) => {
  const { vpcCidr } = cluster.network;
  const blockIssues = (place: Place) => [...sizeIssues(place), ...unusableIssues(place)];
  const vpcIssues = blockIssues({ path: "network.vpcCidr", cidr: vpcCidr });
  // Subnets inside an invalid VPC would report the same issue.
  const subnets = privateSubnets(cluster).filter(
    ({ cidr }) => vpcIssues.length === 0 || !contains(vpcCidr, cidr),
  );
  return [
    ...vpcIssues,
    ...subnets.flatMap((subnet, index) => [
      ...blockIssues(subnet),
      ...overlapIssues(subnet, subnets.slice(0, index)),
    ]),
  ];
};

function unusableIssues({ path, cidr }: Place): readonly ValidationIssue[] {
  const block = unusableIn(cidr);
  return issueIf(block !== undefined, {
    path,
    value: cidr,
    expected: `a block outside of ${block}, which has no addresses for nodes`,
    hint: "choose a private block such as 10.20.0.0/16",
  });
}

/** Each zone has a private subnet: given, or derived from a VPC that is large enough. */
export const derivedSubnets: Rule = ({ network: { vpcCidr, zones } }) => {
  if (zones.every(({ privateSubnet }) => privateSubnet !== "")) return [];
  if (prefixOf(vpcCidr) > MAX_DERIVED_PREFIX)
    return issueIf(prefixOf(vpcCidr) <= MAX_PREFIX, {
      path: "network.vpcCidr",
      value: vpcCidr,
      expected: `a prefix from /${MIN_PREFIX} to /${MAX_DERIVED_PREFIX} where subnets are derived from it`,
      hint: "choose a block of that size, or give each zone its privateSubnet and publicSubnet",
    });
  return zones.flatMap(({ name, privateSubnet }, index) =>
    issueIf(privateSubnet === "", {
      path: `network.zones[${index}]`,
      value: name,
      expected:
        "a zone from a to g where its subnets are derived from the VPC, which is cut into eighths by letter",
      hint: "give the zone a privateSubnet and a publicSubnet",
    }),
  );
};

/** Network of Docker's bridge docker0 (Docker documentation, "Networking"). Docker is part of the Deep Learning AMI. */
const DOCKER_BRIDGE = "172.17.0.0/16";

/** The VPC does not overlap the bridge of Docker: nodes with Docker cannot reach these addresses in the VPC. */
export const dockerBridge: Rule = (cluster) => {
  const { network, scheduler, pools } = cluster;
  if (![scheduler, ...pools].some(({ image }) => image === "deep-learning")) return [];
  const outside = privateSubnets(cluster).filter(({ cidr }) => !contains(network.vpcCidr, cidr));
  return [{ path: "network.vpcCidr", cidr: network.vpcCidr }, ...outside].flatMap(({ path, cidr }) =>
    issueIf(overlap(cidr, DOCKER_BRIDGE), {
      path,
      value: cidr,
      expected: `a block outside of ${DOCKER_BRIDGE}, which Docker uses on nodes with the image deep-learning`,
      hint: "choose another block, or the image ubuntu",
    }),
  );
};

/** The scheduler's address is in its subnet, if the definition has that subnet. */
export const schedulerAddress: Rule = (cluster) =>
  cluster.addressDefaults.includes("scheduler.subnet") ? [] : schedulerAddressIssues(cluster);

/** Returns the issue of a scheduler address that is not in its subnet, or that AWS reserves. */
export function schedulerAddressIssues(cluster: ResolvedCluster): readonly ValidationIssue[] {
  const { network, scheduler } = cluster;
  const { zone, privateAddress } = scheduler;
  const subnet = network.zones.find(({ name }) => name === zone)?.privateSubnet;
  if (!subnet || privateAddress === undefined || prefixOf(subnet) > MAX_PREFIX) return [];
  const index = indexIn(subnet, privateAddress);
  return issueIf(index < RESERVED_ADDRESSES || index >= blockSize(prefixOf(subnet)) - 1, {
    path: "scheduler.privateAddress",
    value: privateAddress,
    expected: `an address of the private subnet ${subnet} of zone ${zone}, without its first four and its last, which AWS reserves`,
    hint: "choose another address, or another scheduler.zone",
  });
}
