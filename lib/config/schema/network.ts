import { z } from "zod";
import { isAddress, isCidr } from "../cidr";
import { hostedZone, subnetId, vpcId } from "./existing-network";
import { object, oneOf, refine } from "./fields";
import { zoneName } from "./names";

/** Hint for admin subnets with too many public addresses. */
export const NAME_THE_ADMIN_SUBNETS =
  "name the subnets of your administrators: anyone who reaches port 8786 can run code on every worker";

/** AWS allows 60 rules per security group by default: two per subnet, and one for the workers. */
const MAX_ADMIN_SUBNETS = 29;

const ipv4Block = refine(
  z.string(),
  isCidr,
  "an IPv4 block of four decimal parts without leading zeros and with no bits set beyond its prefix, such as 10.20.0.0/16",
  "write the block's first address and the length of its prefix",
);

const adminSubnet = refine(
  refine(
    refine(
      z.string(),
      (value) => !value.includes(":"),
      "an IPv4 block: neither the VPC nor a local cluster has IPv6 addresses",
      "name the IPv4 blocks that your administrators connect from",
    ),
    isCidr,
    "an IPv4 block of four decimal parts without leading zeros and with no bits set beyond its prefix, such as 10.0.0.0/8",
    "write the block's first address and the length of its prefix",
  ),
  (value) => !value.endsWith("/0"),
  "a block smaller than the whole internet",
  NAME_THE_ADMIN_SUBNETS,
);

/** Fixed address of the scheduler. */
export const privateAddress = refine(
  z.string(),
  isAddress,
  "an IPv4 address of four decimal parts without leading zeros, such as 10.20.0.10",
  "write the address in that form",
);

/** Schema of a `NetworkDefinition`. `networkFormIssues` checks which fields belong together. */
export const network = object({
  adminSubnets: z.array(adminSubnet).min(1).max(MAX_ADMIN_SUBNETS),
  vpcCidr: ipv4Block.optional(),
  zones: z
    .array(
      oneOf(
        [
          zoneName,
          object({
            name: zoneName,
            privateSubnet: ipv4Block.optional(),
            publicSubnet: ipv4Block.optional(),
          }),
        ],
        "an availability zone such as us-west-2a, or { name, privateSubnet, publicSubnet } with IPv4 blocks; not a zone id, a Local Zone or a Wavelength Zone",
      ),
    )
    .min(1)
    .max(6)
    .optional(),
  nat: z.enum(["single", "per-zone", "none"]).optional(),
  endpoints: z.boolean().optional(),
  vpcId: vpcId.optional(),
  privateSubnetIds: z.array(subnetId).min(1).optional(),
  schedulerAddress: privateAddress.optional(),
  hostedZone: hostedZone.optional(),
  internetAccess: z.boolean().optional(),
});
