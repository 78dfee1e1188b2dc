import { blocks, derivedSubnets, dockerBridge, schedulerAddress } from "./addresses";
import { imageForArchitecture, oneArchitecture } from "./architectures";
import { costWithinLimit, nodesWithinLimit, pricesKnown } from "./autoscaling";
import { backupBucket } from "./backup";
import { arnsOfThePartition, dataOnce, managedPolicyCount } from "./data";
import { schedulerReachable, subnetsOnce, zonesOfPools } from "./existing-network";
import { diskSizes, memoryLimits, processesOfNodes, spillLimits } from "./memory-and-disks";
import { alertEndpoints, alertsOnce, metricsFitTheDisk, workspaceRegion } from "./monitoring";
import {
  adminSubnetsNotTheInternet,
  adminSubnetsOnce,
  endpointsInChina,
  regionSupported,
  roomForSsh,
  schedulerZone,
  withoutNat,
  zonesNamed,
  zonesOfTheRegion,
} from "./network";
import { bakedParameters, instanceStore, instanceTypes, schedulerType, spotTypes } from "./nodes";
import {
  gpuFeatures,
  ownResource,
  poolNames,
  poolSizes,
  resourceNames,
  rmmPools,
  ucxEverywhere,
  ucxWithoutTls,
} from "./pools";
import type { Rule } from "./rule";
import { daskKeys, environmentVariables } from "./settings";
import { tagCount, tagKeys, tagKeysOfImages } from "./tags";

/** All rules, in the order in which their issues are reported. */
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
  subnetsOnce,
  zonesOfPools,
  schedulerReachable,
  poolNames,
  poolSizes,
  nodesWithinLimit,
  pricesKnown,
  costWithinLimit,
  instanceTypes,
  oneArchitecture,
  instanceStore,
  spotTypes,
  diskSizes,
  spillLimits,
  processesOfNodes,
  memoryLimits,
  schedulerType,
  imageForArchitecture,
  gpuFeatures,
  rmmPools,
  ucxEverywhere,
  ucxWithoutTls,
  withoutNat,
  resourceNames,
  ownResource,
  bakedParameters,
  backupBucket,
  dataOnce,
  arnsOfThePartition,
  managedPolicyCount,
  metricsFitTheDisk,
  alertsOnce,
  alertEndpoints,
  workspaceRegion,
  tagCount,
  tagKeys,
  tagKeysOfImages,
  daskKeys,
  environmentVariables,
];
