import { unusableIn } from "../address-space";
import { blockSize, contains, indexIn, overlap, prefixOf } from "../cidr";
import type { ResolvedCluster } from "../resolved-cluster";
import { SMALLEST_DERIVED_PREFIX } from "../subnets";
import type { ValidationIssue } from "../validation-error";
import { issueIf, type Rule } from "./rule";

/**
 * Rules about the VPC and its private subnets that hold for a VPC of the cluster and for an existing one. `vpc.ts`
 * has those that hold only for the former.
 */

/** Sizes of VPCs and subnets (Amazon VPC User Guide, "VPC CIDR blocks", "Subnet CIDR blocks"). */
const [LARGEST_PREFIX, SMALLEST_PREFIX] = [16, 28];

/** Addresses at the beginning of a subnet that AWS reserves; it reserves the last one too ("Subnet CIDR blocks"). */
const RESERVED_ADDRESSES = 4;

/** A block of a cluster, and where it is in the definition. */
interface Place {
  readonly path: string;
  readonly cidr: string;
}

/** Private subnets that are given or can be derived. A zone's second mention is reported elsewhere. */
function privateSubnets({ network: { zones } }: ResolvedCluster): readonly Place[] {
  return zones.flatMap(({ name, privateSubnet: cidr }, index) =>
    cidr !== "" && zones.findIndex((zone) => zone.name === name) === index
      ? [{ path: `network.zones[${index}].privateSubnet`, cidr }]
      : [],
  );
}

/** The issues of a block whose size AWS does not accept. */
export function sizeIssues({ path, cidr }: Place): readonly ValidationIssue[] {
  return issueIf(prefixOf(cidr) < LARGEST_PREFIX || prefixOf(cidr) > SMALLEST_PREFIX, {
    path,
    value: cidr,
    expected: `a prefix from /${LARGEST_PREFIX} to /${SMALLEST_PREFIX}: AWS accepts no other sizes`,
    hint: "choose a block of that size",
  });
}

/** The issue of a block that shares an address with an earlier one. */
export function overlapIssues({ path, cidr }: Place, earlier: readonly Place[]): readonly ValidationIssue[] {
  const rival = earlier.find((other) => overlap(other.cidr, cidr));
  return issueIf(rival !== undefined, {
    path,
    value: cidr,
    expected: `a block that shares no address with ${rival?.path} (${rival?.cidr})`,
    hint: "move one of the two",
  });
}

/** The VPC and the private subnets have sizes and addresses that AWS accepts, and the subnets are apart from each other. */
export const blocks: Rule = (cluster) => {
  const { vpcCidr } = cluster.network;
  const blockIssues = (place: Place) => [...sizeIssues(place), ...unusableIssues(place)];
  const vpcIssues = blockIssues({ path: "network.vpcCidr", cidr: vpcCidr });
  // An issue of the VPC is also one of its subnets.
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
    expected: `a block outside of ${block}, where no machine can have an address`,
    hint: "choose a private block such as 10.20.0.0/16",
  });
}

/** Each zone has a private subnet: given, or derived from a VPC that is large enough. */
export const derivedSubnets: Rule = ({ network: { vpcCidr, zones } }) => {
  if (zones.every(({ privateSubnet }) => privateSubnet !== "")) return [];
  if (prefixOf(vpcCidr) > SMALLEST_DERIVED_PREFIX)
    return issueIf(prefixOf(vpcCidr) <= SMALLEST_PREFIX, {
      path: "network.vpcCidr",
      value: vpcCidr,
      expected: `a prefix from /${LARGEST_PREFIX} to /${SMALLEST_DERIVED_PREFIX} where subnets are derived from it`,
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

/** Network of Docker's bridge docker0 (Docker documentation, "Networking"), which runs on the Deep Learning AMI. */
const DOCKER_BRIDGE = "172.17.0.0/16";

/** A machine with Docker reaches no address of its bridge in the VPC. */
export const dockerBridge: Rule = (cluster) => {
  const { network, scheduler, pools } = cluster;
  if (![scheduler, ...pools].some(({ image }) => image === "deep-learning")) return [];
  const outside = privateSubnets(cluster).filter(({ cidr }) => !contains(network.vpcCidr, cidr));
  return [{ path: "network.vpcCidr", cidr: network.vpcCidr }, ...outside].flatMap(({ path, cidr }) =>
    issueIf(overlap(cidr, DOCKER_BRIDGE), {
      path,
      value: cidr,
      expected: `a block outside of ${DOCKER_BRIDGE}, which Docker uses on machines with the image deep-learning`,
      hint: "choose another block, or the image ubuntu",
    }),
  );
};

/** The scheduler's address is one of its subnet, where the definition gives that subnet. */
export const schedulerAddress: Rule = (cluster) =>
  cluster.addressDefaults.includes("scheduler.subnet") ? [] : schedulerAddressIssues(cluster);

/** The issue of a scheduler whose address no machine in its subnet can have. */
export function schedulerAddressIssues(cluster: ResolvedCluster): readonly ValidationIssue[] {
  const { network, scheduler } = cluster;
  const { zone, privateAddress } = scheduler;
  const subnet = network.zones.find(({ name }) => name === zone)?.privateSubnet;
  if (!subnet || prefixOf(subnet) > SMALLEST_PREFIX) return [];
  const index = indexIn(subnet, privateAddress);
  return issueIf(index < RESERVED_ADDRESSES || index >= blockSize(prefixOf(subnet)) - 1, {
    path: "scheduler.privateAddress",
    value: privateAddress,
    expected: `an address of the private subnet ${subnet} of zone ${zone}, without its first four and its last, which AWS reserves`,
    hint: "choose another address, or another scheduler.zone",
  });
}
