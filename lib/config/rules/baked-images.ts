import type { Image } from "../definition";
import type { ResolvedCluster } from "../resolved-cluster";
import type { ValidationIssue } from "../validation-error";
import { issueIf, type Rule } from "./rule";

/** All that AWS lets Image Builder read (managed policy AWSServiceRoleForImageBuilder, version 27). */
const READABLE = ["/aws/service/", "/imagebuilder/"];

/** What is baked begins with an image that Image Builder can look up. */
export const bakedParameters: Rule = (cluster) =>
  cluster.bakedImages ? images(cluster).flatMap(([path, image]) => unreadable(path, image)) : [];

function images({ scheduler, pools }: ResolvedCluster): readonly (readonly [path: string, image: Image])[] {
  return [
    ["scheduler.image", scheduler.image],
    ...pools.map(({ image }, index) => [`pools[${index}].image`, image] as const),
  ];
}

function unreadable(path: string, image: Image): readonly ValidationIssue[] {
  if (typeof image === "string" || !("ssmParameter" in image)) return [];
  return issueIf(!READABLE.some((prefix) => image.ssmParameter.startsWith(prefix)), {
    path: `${path}.ssmParameter`,
    value: image.ssmParameter,
    expected: `with bakedImages, a parameter below ${READABLE.join(" or ")}, as Image Builder may read no other`,
    hint: "keep the id below /imagebuilder/, name the AMI by its id, or turn bakedImages off",
  });
}
