import { isZoneOf, partitionOf } from "../regions";
import { faultIf, type Rule } from "./rule";

/** The region is in a partition whose names and services the constructs know. */
export const regionSupported: Rule = ({ region }) =>
  faultIf(partitionOf(region) === undefined, {
    path: "region",
    value: region,
    allowed: "a region of the partitions aws, aws-us-gov or aws-cn, as service names differ in others",
    remedy: "choose a region such as us-west-2",
  });

/** In China some endpoints are named cn.com.amazonaws… and others com.amazonaws… (`aws ec2 describe-vpc-endpoint-services`). */
export const endpointsInChina: Rule = ({ region, network: { endpoints, nat } }) =>
  partitionOf(region) !== "aws-cn"
    ? []
    : [
        ...faultIf(endpoints, {
          path: "network.endpoints",
          value: endpoints,
          allowed: "false in China, where endpoints have other service names",
          remedy: "set network.endpoints: false, and give the network a NAT gateway",
        }),
        ...faultIf(nat === "none", {
          path: "network.nat",
          value: nat,
          allowed:
            "single or per-zone in China: without a NAT gateway machines need endpoints, which are not supported there",
          remedy: "give the network a NAT gateway",
        }),
      ];

/** Zones are named where an account may lack zone a or b. */
export const zonesNamed: Rule = ({ network, region }) =>
  faultIf(network.zones.length === 0 && partitionOf(region) !== undefined, {
    path: "network.zones",
    value: undefined,
    allowed: `zones of ${region} by name: not every account has the zones ${region}a and ${region}b`,
    remedy: `list yours: aws ec2 describe-availability-zones --region ${region} --filters Name=zone-type,Values=availability-zone --query 'AvailabilityZones[].[ZoneName,ZoneId]' --output text`,
  });

/** The scheduler is in one of the zones. */
export const schedulerZone: Rule = ({ network: { zones }, scheduler: { zone } }) =>
  faultIf(zones.length > 0 && !zones.some(({ name }) => name === zone), {
    path: "scheduler.zone",
    value: zone,
    allowed: `one of network.zones: ${zones.map(({ name }) => name).join(", ")}`,
    remedy: "choose one of them, or add the zone to network.zones",
  });

/** Zones belong to the region, each once. */
export const zonesOfTheRegion: Rule = ({ network, region }) =>
  network.zones.flatMap((zone, index) => [
    ...faultIf(!isZoneOf(region, zone.name), {
      path: `network.zones[${index}]`,
      value: zone.name,
      allowed: `a zone of the region ${region}`,
      remedy: `name a zone such as ${region}a, or set region`,
    }),
    ...faultIf(network.zones.findIndex(({ name }) => name === zone.name) < index, {
      path: `network.zones[${index}]`,
      value: zone.name,
      allowed: "each zone once",
      remedy: "take the second mention out",
    }),
  ]);
