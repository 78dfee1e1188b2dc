import { contains, overlap, prefixOf } from "../cidr";
import { faultIf, type Rule } from "./rule";

/** Zones belong to the region, each once. */
export const zonesOfTheRegion: Rule = ({ network, region }) =>
  network.zones.flatMap((zone, index) => [
    ...faultIf(!zone.name.startsWith(region), {
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

/** Subnets lie in the VPC, apart from each other, in the sizes that AWS takes. */
export const subnetsInTheVpc: Rule = ({ network: { vpcCidr, zones } }) => {
  const subnets = zones.flatMap((zone, index) =>
    (["privateSubnet", "publicSubnet"] as const).map((kind) => ({
      path: `network.zones[${index}].${kind}`,
      cidr: zone[kind],
    })),
  );
  const vpcFault = faultIf(prefixOf(vpcCidr) < 16 || prefixOf(vpcCidr) > 22, {
    path: "network.vpcCidr",
    value: vpcCidr,
    allowed: "a prefix from /16 to /22: AWS takes VPCs from /16 and subnets to /28",
    remedy: "choose a block of that size, such as 10.20.0.0/16",
  });
  if (vpcFault.length > 0) return vpcFault;
  return subnets.flatMap(({ path, cidr }, index) => {
    const rival = subnets.slice(0, index).find((earlier) => overlap(earlier.cidr, cidr));
    return [
      ...faultIf(!contains(vpcCidr, cidr), {
        path,
        value: cidr,
        allowed: `a block inside the VPC's ${vpcCidr}`,
        remedy: "move the subnet into the VPC, or widen network.vpcCidr",
      }),
      ...faultIf(prefixOf(cidr) > 28 || prefixOf(cidr) < 16, {
        path,
        value: cidr,
        allowed: "a prefix from /16 to /28, as AWS has it",
        remedy: "choose a block of that size",
      }),
      ...faultIf(rival !== undefined, {
        path,
        value: cidr,
        allowed: `a block that shares no address with ${rival?.path} (${rival?.cidr})`,
        remedy: "move one of the two",
      }),
    ];
  });
};

/** AWS takes 60 rules a security group by default: with SSH three a subnet for the scheduler, and one for the workers. */
const MOST_ADMIN_SUBNETS_WITH_SSH = 19;

/** The scheduler's security group has room for the rules of every admin subnet. */
export const roomForSsh: Rule = ({ network: { adminSubnets }, ssh }) =>
  faultIf(ssh !== undefined && adminSubnets.length > MOST_ADMIN_SUBNETS_WITH_SSH, {
    path: "network.adminSubnets",
    value: `${adminSubnets.length} subnets`,
    allowed: `at most ${MOST_ADMIN_SUBNETS_WITH_SSH} with ssh: AWS takes 60 rules a security group`,
    remedy: "join subnets into larger blocks, or leave ssh out: Session Manager needs no rule",
  });

/** Each admin subnet is named once. */
export const adminSubnetsOnce: Rule = ({ network: { adminSubnets } }) =>
  adminSubnets.flatMap((subnet, index) =>
    faultIf(adminSubnets.indexOf(subnet) < index, {
      path: `network.adminSubnets[${index}]`,
      value: subnet,
      allowed: "each subnet once",
      remedy: "take the second mention out",
    }),
  );
