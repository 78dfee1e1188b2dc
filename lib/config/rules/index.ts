import { adminSubnetsNotTheInternet, adminSubnetsOnce, roomForSsh } from "./admin-subnets";
import { bakedParameters } from "./baked-images";
import { diskSizes, spillLimits } from "./disks";
import { gpuFeatures, rmmPools, ucxEverywhere, ucxWithoutTls } from "./gpu";
import { instanceStore, instanceTypes, schedulerType, spotTypes } from "./machines";
import { memoryLimits, processesOfNodes } from "./memory";
import { withoutNat } from "./nat";
import { poolNames, poolSizes } from "./pools";
import { ownResource, resourceNames } from "./resources";
import type { Rule } from "./rule";
import { blocks, derivedSubnets, dockerBridge, schedulerAddress } from "./subnets";
import { tagCount, tagKeys, tagKeysOfImages } from "./tags";
import { endpointsInChina, regionSupported, schedulerZone, zonesNamed, zonesOfTheRegion } from "./zones";

/** Every rule over more than one field. */
export const rules: readonly Rule[] = [
  adminSubnetsOnce,
  adminSubnetsNotTheInternet,
  roomForSsh,
  regionSupported,
  endpointsInChina,
  zonesNamed,
  zonesOfTheRegion,
  schedulerZone,
  blocks,
  derivedSubnets,
  dockerBridge,
  schedulerAddress,
  poolNames,
  poolSizes,
  instanceTypes,
  instanceStore,
  spotTypes,
  diskSizes,
  spillLimits,
  processesOfNodes,
  memoryLimits,
  schedulerType,
  gpuFeatures,
  rmmPools,
  ucxEverywhere,
  ucxWithoutTls,
  withoutNat,
  resourceNames,
  ownResource,
  bakedParameters,
  tagCount,
  tagKeys,
  tagKeysOfImages,
];
