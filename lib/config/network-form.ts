import type { ValidationIssue } from "./validation-error";
import { valueAt } from "./value-at";

/** Issue of a field, with its path as a list. */
export interface FormIssue extends Pick<ValidationIssue, "expected" | "hint"> {
  readonly at: readonly PropertyKey[];
}

/** Fields of a new VPC, each with what to do about it in an existing one. */
const OF_A_NEW_VPC: readonly (readonly [path: string, hint: string])[] = [
  ["network.vpcCidr", "remove it: the block is read from AWS"],
  ["network.zones", "remove it: the zones of the subnets are read from AWS"],
  [
    "network.nat",
    "remove it; if the subnets have no route to the internet, set network.internetAccess: false",
  ],
  ["network.endpoints", "remove it: endpoints are managed by the owner of the VPC"],
  ["scheduler.zone", "remove it, or name a subnet of that zone in scheduler.subnetId"],
  ["scheduler.privateAddress", "set network.schedulerAddress instead"],
];

/** Fields of an existing VPC. */
const OF_AN_EXISTING_VPC = [
  "network.privateSubnetIds",
  "network.schedulerAddress",
  "network.hostedZone",
  "network.internetAccess",
  "scheduler.subnetId",
];

/**
 * Returns the issues of a definition that mixes the fields of a new VPC with those of an existing one. `network.vpcId` decides
 * which of the two it is. The definition may be any value.
 */
export function networkFormIssues(definition: unknown): readonly FormIssue[] {
  const given = (at: readonly PropertyKey[]) => valueAt(definition, at) !== undefined;
  const pools = valueAt(definition, ["pools"]);
  const inPools = (field: string) =>
    (Array.isArray(pools) ? [...pools.keys()] : []).map((index) => ["pools", index, field]).filter(given);
  const existing = given(["network", "vpcId"]);
  if (!existing)
    return [...OF_AN_EXISTING_VPC.map(pathOf).filter(given), ...inPools("subnetIds")].map((at) => ({
      at,
      expected: "nothing without network.vpcId, the id of an existing VPC",
      hint: "add network.vpcId, or remove this field",
    }));
  const nothing = "nothing with network.vpcId, because the VPC exists";
  return [
    ...(given(["network", "privateSubnetIds"])
      ? []
      : [
          {
            at: ["network", "privateSubnetIds"],
            expected: "the ids of private subnets of the VPC",
            hint: "list them: aws ec2 describe-subnets --filters Name=vpc-id,Values=VPC_ID --query 'Subnets[].[SubnetId,AvailabilityZone,CidrBlock]' --output text",
          },
        ]),
    ...OF_A_NEW_VPC.map(([path, hint]) => ({ at: pathOf(path), expected: nothing, hint })).filter(({ at }) =>
      given(at),
    ),
    ...inPools("zones").map((at) => ({
      at,
      expected: nothing,
      hint: "name subnets of these zones in subnetIds of the pool",
    })),
  ];
}

function pathOf(path: string): readonly string[] {
  return path.split(".");
}
