/** Partition of AWS: a group of regions with separate accounts, domains and service names. */
export type Partition = "aws" | "aws-us-gov" | "aws-cn";

/**
 * Region names of each partition (botocore 1.44.8, endpoints.json, `regionRegex`), without regions that are isolated
 * from the internet.
 */
const PARTITIONS: readonly (readonly [Partition, RegExp])[] = [
  ["aws-us-gov", /^us-gov-[a-z]+-\d+$/],
  ["aws-cn", /^cn-[a-z]+-\d+$/],
  ["aws", /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/],
];

/**
 * Returns the partition of a region; `undefined` for an unsupported one, such as that of us-iso-east-1 or
 * eusc-de-east-1.
 */
export function partitionOf(region: string): Partition | undefined {
  return PARTITIONS.find(([, pattern]) => pattern.test(region))?.[0];
}

/**
 * Regions in which every account has the zones a and b.
 *
 * A region is in the list if its zones a and b are among those of EC2's DescribeInstanceTypeOfferings (the copy in moto
 * 5.2.5) and no zone of it has been closed to new accounts. Zones have been closed in us-east-1 (use1-az3), us-west-1
 * (usw1-az2), ap-northeast-1 (apne1-az3), ap-northeast-2, ca-central-1 (cac1-az3) and sa-east-1; and in all of these but
 * ap-northeast-2 and ca-central-1 an account's letters may stand for any zone (AWS Regions and Availability Zones User
 * Guide, "Constrained Availability Zones", "Regions with independently mapped Availability Zones"; openshift/installer
 * #1209, #1789, #1790; cloudtools/troposphere #1399). A region that is not listed needs `network.zones`.
 */
const REGIONS_WITH_ZONES_A_AND_B: readonly string[] = [
  ...["af-south-1", "ap-east-1", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1"],
  ...["ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ca-west-1", "eu-central-1"],
  ...["eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3"],
  ...["il-central-1", "me-central-1", "me-south-1", "us-east-2", "us-west-2"],
];

/** Default region: every account has its zones a and b. */
export const DEFAULT_REGION = "us-west-2";

/** Returns the zones a and b of a region; none if an account may lack one of them. */
export function defaultZones(region: string): readonly string[] {
  return REGIONS_WITH_ZONES_A_AND_B.includes(region) ? [`${region}a`, `${region}b`] : [];
}

/** Returns whether a zone belongs to a region: its name is that of the region and one letter. */
export function isZoneOf(region: string, zone: string): boolean {
  return zone.slice(0, -1) === region && /[a-z]$/.test(zone);
}

/** Returns the index of a zone's letter in the alphabet: 0 for `us-west-2a`. */
export function zoneIndex(zone: string): number {
  return zone.charCodeAt(zone.length - 1) - "a".charCodeAt(0);
}
