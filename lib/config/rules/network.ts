import { PUBLIC_ADDRESSES, publicAddressesIn } from "../address-space";
import { blockSize } from "../cidr";
import { isZoneOf, partitionOf } from "../regions";
import { NAME_THE_ADMIN_SUBNETS } from "../schema/network";
import { imagesOf } from "./nodes";
import { issueIf, type Rule } from "./rule";

/** The region is in a supported partition. */
export const regionSupported: Rule = ({ region }) =>
  issueIf(partitionOf(region) === undefined, {
    path: "region",
    value: region,
    expected: "a region of the partitions aws, aws-us-gov or aws-cn, because service names differ in others",
    hint: "choose a region such as us-west-2",
  });

/**
 * In China the constructs do not support endpoints: some are named cn.com.amazonaws… and others com.amazonaws…
 * (`aws ec2 describe-vpc-endpoint-services`).
 */
export const endpointsInChina: Rule = ({ region, network: { endpoints, nat, existing } }) =>
  partitionOf(region) !== "aws-cn" || existing
    ? []
    : [
        ...issueIf(endpoints, {
          path: "network.endpoints",
          value: endpoints,
          expected: "false in China, where endpoints have other service names",
          hint: "set network.endpoints: false, and network.nat: single or per-zone",
        }),
        ...issueIf(nat === "none", {
          path: "network.nat",
          value: nat,
          expected:
            "single or per-zone in China: without a NAT gateway nodes need endpoints, which are not supported there",
          hint: "set network.nat: single or per-zone",
        }),
      ];

/** The definition names the zones if an account may lack zone a or b. */
export const zonesNamed: Rule = ({ network, region }) =>
  issueIf(network.zones.length === 0 && !network.existing && partitionOf(region) !== undefined, {
    path: "network.zones",
    value: undefined,
    expected: `zones of ${region} by name: not every account has the zones ${region}a and ${region}b`,
    hint: `list yours: aws ec2 describe-availability-zones --region ${region} --filters Name=zone-type,Values=availability-zone --query 'AvailabilityZones[].[ZoneName,ZoneId]' --output text`,
  });

/** The scheduler is in one of the zones. */
export const schedulerZone: Rule = ({ network: { zones }, scheduler: { zone } }) =>
  issueIf(zones.length > 0 && !zones.some(({ name }) => name === zone), {
    path: "scheduler.zone",
    value: zone,
    expected: `one of network.zones: ${zones.map(({ name }) => name).join(", ")}`,
    hint: "choose one of these zones, or add the zone to network.zones",
  });

/** Zones belong to the region, and each is listed once. */
export const zonesOfTheRegion: Rule = ({ network, region }) =>
  network.zones.flatMap((zone, index) => [
    ...issueIf(!isZoneOf(region, zone.name), {
      path: `network.zones[${index}]`,
      value: zone.name,
      expected: `a zone of the region ${region}`,
      hint: `name a zone such as ${region}a, or set region`,
    }),
    ...issueIf(network.zones.findIndex(({ name }) => name === zone.name) < index, {
      path: `network.zones[${index}]`,
      value: zone.name,
      expected: "each zone once",
      hint: "remove the duplicate",
    }),
  ]);

/**
 * AWS allows 60 rules per security group by default: with SSH three per subnet for the scheduler, and one for the
 * workers.
 */
const MAX_ADMIN_SUBNETS_WITH_SSH = 19;

/** The scheduler's security group has enough rules for all admin subnets. */
export const roomForSsh: Rule = ({ network: { adminSubnets }, ssh }) =>
  issueIf(ssh !== undefined && adminSubnets.length > MAX_ADMIN_SUBNETS_WITH_SSH, {
    path: "network.adminSubnets",
    value: `${adminSubnets.length} subnets`,
    expected: `at most ${MAX_ADMIN_SUBNETS_WITH_SSH} with ssh: AWS allows 60 rules per security group`,
    hint: "join subnets into larger blocks, or remove ssh: Session Manager needs no rule",
  });

/** Each admin subnet is listed once. One may contain another one: AWS accepts both rules. */
export const adminSubnetsOnce: Rule = ({ network: { adminSubnets } }) =>
  adminSubnets.flatMap((subnet, index) =>
    issueIf(adminSubnets.indexOf(subnet) < index, {
      path: `network.adminSubnets[${index}]`,
      value: subnet,
      expected: "each subnet once",
      hint: "remove the duplicate",
    }),
  );

/** Maximum number of public addresses in admin subnets: those of a /4. */
const MAX_PUBLIC_ADDRESSES = blockSize(4);

/** Admin subnets together do not cover more than `MAX_PUBLIC_ADDRESSES`. */
export const adminSubnetsNotTheInternet: Rule = ({ network: { adminSubnets } }) => {
  const covered = publicAddressesIn(adminSubnets);
  const share = `${((100 * covered) / PUBLIC_ADDRESSES).toFixed(1)} %`;
  return issueIf(covered > MAX_PUBLIC_ADDRESSES, {
    path: "network.adminSubnets",
    value: adminSubnets,
    expected: `blocks that together cover at most a /4 of the public IPv4 addresses; these cover ${share} of all`,
    hint: NAME_THE_ADMIN_SUBNETS,
  });
};

/**
 * Nodes without a NAT gateway have endpoints, and images that contain all they need. In China `endpointsInChina`
 * rejects both.
 */
export const withoutNat: Rule = (cluster) => {
  const {
    network: { nat, endpoints, existing },
    region,
    bakedImages,
  } = cluster;
  if (nat !== "none") return [];
  const without = existing ? "network.internetAccess false" : "network.nat none";
  return [
    ...issueIf(!endpoints && partitionOf(region) !== "aws-cn", {
      path: "network.endpoints",
      value: endpoints,
      expected: "true with network.nat none: nodes call AWS services through endpoints",
      hint: "set network.endpoints: true, or network.nat: single or per-zone",
    }),
    ...issueIf(bakedImages, {
      path: "bakedImages",
      value: bakedImages,
      expected: `false with ${without}: the instance that bakes an AMI downloads packages`,
      hint: "bake an AMI in this cluster while it has a NAT gateway, then set its id; AMIs of other clusters are encrypted by other keys",
    }),
    ...imagesOf(cluster).flatMap(([path, image]) =>
      issueIf(typeof image === "string", {
        path,
        value: image,
        expected: `an AMI that was baked for this cluster, because with ${without} nodes cannot download packages`,
        hint: "set { amiId: 'ami-…' } or { ssmParameter: '/…' } of a baked AMI",
      }),
    ),
  ];
};
