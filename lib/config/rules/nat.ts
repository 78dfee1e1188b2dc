import type { Image } from "../definition";
import { partitionOf } from "../regions";
import { issueIf, type Rule } from "./rule";

/** Machines without a NAT gateway reach AWS by endpoints, and install nothing. In China `endpointsInChina` refuses both. */
export const withoutNat: Rule = ({ network: { nat, endpoints }, region, bakedImages, scheduler, pools }) => {
  if (nat !== "none") return [];
  const images: readonly (readonly [path: string, image: Image])[] = [
    ["scheduler.image", scheduler.image],
    ...pools.map(({ image }, index) => [`pools[${index}].image`, image] as const),
  ];
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
    ...images.flatMap(([path, image]) =>
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
