import { unusableIn } from "../address-space";
import { eachPool, issueIf, type Rule, repeated } from "./rule";

/** Each subnet of an existing network is listed once. */
export const subnetsOnce: Rule = ({ network: { existing }, pools }) => [
  ...repeated("network.privateSubnetIds", existing?.privateSubnetIds, "subnet"),
  ...pools.flatMap(({ subnetIds }, index) => repeated(`pools[${index}].subnetIds`, subnetIds, "subnet")),
];

/** The zones of a pool are zones of the network, each once. */
export const zonesOfPools: Rule = (cluster) => {
  const names = cluster.network.zones.map(({ name }) => name);
  return eachPool(({ zones = [] }, path) => [
    ...repeated(`${path}.zones`, zones, "zone"),
    ...zones.flatMap((zone, index) =>
      issueIf(names.length > 0 && !names.includes(zone), {
        path: `${path}.zones[${index}]`,
        value: zone,
        expected: `one of network.zones: ${names.join(", ")}`,
        hint: "choose one of these zones, or add the zone to network.zones",
      }),
    ),
  ])(cluster);
};

/**
 * The scheduler of an existing network has a name or a fixed address, and that address can be one of a node. Whether it is in
 * the scheduler's subnet is known at plan only.
 */
export const schedulerReachable: Rule = ({ network: { existing }, scheduler: { privateAddress } }) => {
  if (existing === undefined) return [];
  const path = "network.schedulerAddress";
  const unusable = privateAddress === undefined ? undefined : unusableIn(`${privateAddress}/32`);
  return [
    ...issueIf(existing.hostedZone === false && privateAddress === undefined, {
      path,
      value: privateAddress,
      expected: "an address with network.hostedZone false: the scheduler has no name then",
      hint: "choose an address of the scheduler's subnet that is not in use, or set network.hostedZone",
    }),
    ...issueIf(unusable !== undefined, {
      path,
      value: privateAddress,
      expected: `an address outside of ${unusable}, which has no addresses for nodes`,
      hint: "choose an address of the scheduler's subnet that is not in use",
    }),
  ];
};
