import { isZoneOf, partitionOf } from "../regions";
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
