import { bakedParameters } from "./baked-images";
import { gpuFeatures, ucxEverywhere } from "./gpu";
import { instanceStore, instanceTypes, schedulerType } from "./machines";
import { adminSubnetsOnce, subnetsInTheVpc, zonesOfTheRegion } from "./network";
import { poolNames, poolSizes } from "./pools";
import { ownResource, resourceNames } from "./resources";
import type { Rule } from "./rule";
import { tagCount } from "./tags";

/** Every rule over more than one field. */
export const rules: readonly Rule[] = [
  adminSubnetsOnce,
  zonesOfTheRegion,
  subnetsInTheVpc,
  poolNames,
  poolSizes,
  instanceTypes,
  instanceStore,
  schedulerType,
  gpuFeatures,
  ucxEverywhere,
  resourceNames,
  ownResource,
  bakedParameters,
  tagCount,
];
