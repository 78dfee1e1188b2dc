import { PUBLIC_ADDRESSES, publicAddressesIn } from "../address-space";
import { blockSize } from "../cidr";
import { NAME_THE_ADMIN_SUBNETS } from "../schema/network";
import { issueIf, type Rule } from "./rule";

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
