import { PUBLIC_ADDRESSES, publicAddressesIn } from "../address-space";
import { blockSize } from "../cidr";
import { isZoneOf, partitionOf } from "../regions";
import { NAME_THE_ADMIN_SUBNETS } from "../schema/network";
import { imagesOf } from "./nodes";
import { issueIf, type Rule } from "./rule";

/** The region is in a partition whose names and services the constructs know. */
export const regionSupported: Rule = ({ region }) =>
  issueIf(partitionOf(region) === undefined, {
    path: "region",
    value: region,
    expected: "a region of the partitions aws, aws-us-gov or aws-cn, as service names differ in others",
    hint: "choose a region such as us-west-2",
  });

/** In China some endpoints are named cn.com.amazonaws… and others com.amazonaws… (`aws ec2 describe-vpc-endpoint-services`). */
export const endpointsInChina: Rule = ({ region, network: { endpoints, nat } }) =>
  partitionOf(region) !== "aws-cn"
    ? []
    : [
        ...issueIf(endpoints, {
          path: "network.endpoints",
          value: endpoints,
          expected: "false in China, where endpoints have other service names",
          hint: "set network.endpoints: false, and give the network a NAT gateway",
        }),
        ...issueIf(nat === "none", {
          path: "network.nat",
          value: nat,
          expected:
            "single or per-zone in China: without a NAT gateway machines need endpoints, which are not supported there",
          hint: "give the network a NAT gateway",
        }),
      ];

/** Zones are named where an account may lack zone a or b. */
export const zonesNamed: Rule = ({ network, region }) =>
  issueIf(network.zones.length === 0 && partitionOf(region) !== undefined, {
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
    hint: "choose one of them, or add the zone to network.zones",
  });

/** Zones belong to the region, each once. */
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
      hint: "take the second mention out",
    }),
  ]);

/** AWS takes 60 rules a security group by default: with SSH three a subnet for the scheduler, and one for the workers. */
const MAX_ADMIN_SUBNETS_WITH_SSH = 19;

/** The scheduler's security group has room for the rules of every admin subnet. */
export const roomForSsh: Rule = ({ network: { adminSubnets }, ssh }) =>
  issueIf(ssh !== undefined && adminSubnets.length > MAX_ADMIN_SUBNETS_WITH_SSH, {
    path: "network.adminSubnets",
    value: `${adminSubnets.length} subnets`,
    expected: `at most ${MAX_ADMIN_SUBNETS_WITH_SSH} with ssh: AWS takes 60 rules a security group`,
    hint: "join subnets into larger blocks, or leave ssh out: Session Manager needs no rule",
  });

/** Each admin subnet is named once. One that is part of another one is no issue: AWS accepts both rules. */
export const adminSubnetsOnce: Rule = ({ network: { adminSubnets } }) =>
  adminSubnets.flatMap((subnet, index) =>
    issueIf(adminSubnets.indexOf(subnet) < index, {
      path: `network.adminSubnets[${index}]`,
      value: subnet,
      expected: "each subnet once",
      hint: "take the second mention out",
    }),
  );

/** Most public addresses that may reach a cluster: those of a /4. */
const MAX_PUBLIC_ADDRESSES = blockSize(4);

/** Admin subnets are not the Internet in pieces. */
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

/** Machines without a NAT gateway reach AWS by endpoints, and install nothing. In China `endpointsInChina` refuses both. */
export const withoutNat: Rule = (cluster) => {
  const {
    network: { nat, endpoints },
    region,
    bakedImages,
  } = cluster;
  if (nat !== "none") return [];
  return [
    ...issueIf(!endpoints && partitionOf(region) !== "aws-cn", {
      path: "network.endpoints",
      value: endpoints,
      expected:
        "true where network.nat is none: machines fetch their keys and answer their group by endpoints",
      hint: "set network.endpoints: true, or give the network a NAT gateway",
    }),
    ...issueIf(bakedImages, {
      path: "bakedImages",
      value: bakedImages,
      expected: "false where network.nat is none: the machine that bakes has to fetch packages",
      hint: "bake in this cluster while it has a NAT gateway, then name its AMI: another cluster's is under another key",
    }),
    ...imagesOf(cluster).flatMap(([path, image]) =>
      issueIf(typeof image === "string", {
        path,
        value: image,
        expected:
          "an AMI that was baked for this cluster where network.nat is none: there is nowhere to install from",
        hint: "give { amiId: 'ami-…' } or { ssmParameter: '/…' } of a baked image",
      }),
    ),
  ];
};
