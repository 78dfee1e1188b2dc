import { z } from "zod";
import { object, oneOf, pattern } from "./fields";

/** Id of a VPC. */
export const vpcId = pattern(
  /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/,
  "the id of a VPC, such as vpc-0123456789abcdef0",
  "copy the VPC's id; for a VPC of the same stack, pass network to the construct",
);

/** Id of a subnet. */
export const subnetId = pattern(
  /^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/,
  "the id of a subnet, such as subnet-0123456789abcdef0",
  "copy the subnet's id; for a subnet of the same stack, pass network to the construct",
);

/** Longest name of a zone with which `scheduler.<cluster>.<zone>` has at most 253 characters. */
const MAX_ZONE_NAME = 253 - "scheduler..".length - 32;

const zone = object({
  // Route 53 API Reference, "ResourceId": at most 32 characters; ids of zones have upper-case letters and digits.
  id: pattern(
    /^[0-9A-Z]{1,32}$/,
    "the id of a hosted zone, such as Z0123456789ABCDEFGHIJ",
    "copy the zone's id",
  ),
  name: pattern(
    new RegExp(
      `^(?=.{1,${MAX_ZONE_NAME}}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$`,
    ),
    "the name of a hosted zone in lower case, without a dot at the end, such as dask.example.internal",
    "copy the zone's name, without the dot",
  ),
});

/** Hosted zone of the scheduler's name, or `false` for an address instead of a name. */
export const hostedZone = oneOf(
  [z.literal(false), zone],
  "false, or { id, name } of a hosted zone, such as { id: 'Z0123456789ABCDEFGHIJ', name: 'dask.example.internal' }",
);
