import type { Image } from "../definition";
import { partitionOf } from "../regions";
import { faultIf, type Rule } from "./rule";

/** Machines without a NAT gateway reach AWS by endpoints, and install nothing. In China `endpointsInChina` refuses both. */
export const withoutNat: Rule = ({ network: { nat, endpoints }, region, bakedImages, scheduler, pools }) => {
  if (nat !== "none") return [];
  const images: readonly (readonly [path: string, image: Image])[] = [
    ["scheduler.image", scheduler.image],
    ...pools.map(({ image }, index) => [`pools[${index}].image`, image] as const),
  ];
  return [
    ...faultIf(!endpoints && partitionOf(region) !== "aws-cn", {
      path: "network.endpoints",
      value: endpoints,
      allowed:
        "true where network.nat is none: machines fetch their keys and answer their group by endpoints",
      remedy: "set network.endpoints: true, or give the network a NAT gateway",
    }),
    ...faultIf(bakedImages, {
      path: "bakedImages",
      value: bakedImages,
      allowed: "false where network.nat is none: the machine that bakes has to fetch packages",
      remedy:
        "bake in this cluster while it has a NAT gateway, then name its AMI: another cluster's is under another key",
    }),
    ...images.flatMap(([path, image]) =>
      faultIf(typeof image === "string", {
        path,
        value: image,
        allowed:
          "an AMI that was baked for this cluster where network.nat is none: there is nowhere to install from",
        remedy: "give { amiId: 'ami-…' } or { ssmParameter: '/…' } of a baked image",
      }),
    ),
  ];
};
