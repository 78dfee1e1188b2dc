import { bakedParameters } from "./baked-images";
import { diskSizes } from "./disks";
import { gpuFeatures, ucxEverywhere, ucxWithoutTls } from "./gpu";
import { instanceStore, instanceTypes, schedulerType, spotTypes } from "./machines";
import { withoutNat } from "./nat";
import { adminSubnetsOnce, roomForSsh, subnetsInTheVpc, zonesOfTheRegion } from "./network";
import { poolNames, poolSizes } from "./pools";
import { ownResource, resourceNames } from "./resources";
import type { Rule } from "./rule";
import { tagCount } from "./tags";

/** Every rule over more than one field. */
export const rules: readonly Rule[] = [
  adminSubnetsOnce,
  roomForSsh,
  zonesOfTheRegion,
  subnetsInTheVpc,
  poolNames,
  poolSizes,
  instanceTypes,
  instanceStore,
  spotTypes,
  diskSizes,
  schedulerType,
  gpuFeatures,
  ucxEverywhere,
  ucxWithoutTls,
  withoutNat,
  resourceNames,
  ownResource,
  bakedParameters,
  tagCount,
];
