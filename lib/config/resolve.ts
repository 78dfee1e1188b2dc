import { addressDefaults } from "./address-defaults";
import { formatBytes, readAmount } from "./amounts";
import { autoscalingOf, scalingOf } from "./autoscaling";
import { GIB } from "./bytes";
import { contains, hostOf } from "./cidr";
import type {
  ClusterDefinition,
  DataDefinition,
  EnvironmentDefinition,
  Image,
  NetworkDefinition,
  NodeSetupDefinition,
  PoolDefinition,
  SchedulerDefinition,
  SettingsDefinition,
} from "./definition";
import { placeInExisting, resolveExistingNetwork, schedulerHostname } from "./existing-network";
import { factsOf, type GivenFacts, givenFacts } from "./instance-types";
import { monitoringOf } from "./monitoring";
import { maxProcesses } from "./processes";
import { DEFAULT_REGION, defaultZones } from "./regions";
import { DEFAULT_RELEASE, RELEASES, type Release } from "./releases";
import type {
  CpuPool,
  Environment,
  GpuPool,
  Network,
  Pool,
  ResolvedCluster,
  Scheduler,
} from "./resolved-cluster";
import { zoneWithSubnets } from "./subnets";

/** Block of a new VPC. */
const DEFAULT_VPC_CIDR = "10.20.0.0/16";

/** Index of the scheduler's default address in its subnet, counted from 0; AWS reserves the first four addresses. */
const DEFAULT_SCHEDULER_HOST = 10;

/** Addresses of administrators who work on the same computer as the local cluster. */
const LOOPBACK = "127.0.0.0/8";

/**
 * Default disk of a node with the Deep Learning AMI, in GiB. The snapshot of the AMI is 75 GiB and grows with its versions;
 * that of a related AMI is 105 GiB. It has to fit in half of the disk, because workers may spill to the other half.
 */
const DEFAULT_DEEP_LEARNING_DISK_GIB = 200;

/** Default share of a GPU's memory for the RMM pool, as in the documentation of dask-cuda; CUDA needs the rest. */
const DEFAULT_RMM_SHARE = 0.8;

/** Returns the cluster of a definition whose fields are valid, with all defaults. */
export function resolve(definition: ClusterDefinition): ResolvedCluster {
  const { name, region = DEFAULT_REGION, bakedImages = false, tags = {} } = definition;
  const release = RELEASES[definition.release ?? DEFAULT_RELEASE];
  const network = resolveNetwork(definition.network, region);
  const facts = definition.instanceTypeFacts && { givenFacts: givenFacts(definition.instanceTypeFacts) };
  const scheduler = {
    ...resolveScheduler(definition.scheduler ?? {}, name, network, definition.network.schedulerAddress),
    ...facts,
  };
  const pools = (definition.pools ?? [{ name: "cpu", kind: "cpu" }]).map((pool) =>
    resolvePool(pool, release, facts ?? {}),
  );
  return {
    name,
    release,
    environment: resolveEnvironment(definition.environment ?? {}, name),
    region,
    network,
    scheduler,
    pools,
    ucx: pools.some((pool) => pool.kind === "gpu" && pool.ucx),
    tls: definition.tls ?? !network.adminSubnets.every((subnet) => contains(LOOPBACK, subnet)),
    ...(definition.ssh && { ssh: { ...definition.ssh } }),
    logRetentionDays: definition.logRetentionDays ?? 365,
    ...monitoringOf(definition.monitoring, region),
    ...autoscalingOf(definition.autoscaling, pools),
    prices: { ...definition.prices },
    deletionProtection: definition.deletionProtection ?? false,
    bakedImages,
    ...setupOf(definition),
    ...grantsOf(definition),
    ...(definition.permissionsBoundary && { permissionsBoundary: definition.permissionsBoundary }),
    ...settingsOf(definition),
    tags: { ...tags },
    ...(definition.artifactBucket === undefined ? {} : { artifactBucket: definition.artifactBucket }),
    ...(definition.backup && { backup: { ...definition.backup } }),
    backend: definition.backend ?? { type: "local" },
    addressDefaults: addressDefaults(definition, scheduler.zone),
  };
}

function resolveEnvironment(definition: EnvironmentDefinition, name: string): Environment {
  const { packages = [], wheels = [], index = {}, lockfiles = `dask-locks/${name}`, ...rest } = definition;
  return {
    ...rest,
    packages: [...packages],
    wheels: [...wheels],
    index: { ...index, extraUrls: [...(index.extraUrls ?? [])] },
    lockfiles,
  };
}

function resolveNetwork(definition: NetworkDefinition, region: string): Network {
  if (definition.vpcId !== undefined) return resolveExistingNetwork(definition, DEFAULT_VPC_CIDR);
  const {
    vpcCidr = DEFAULT_VPC_CIDR,
    zones = defaultZones(region),
    nat = "single",
    endpoints = false,
  } = definition;
  return {
    adminSubnets: [...definition.adminSubnets],
    vpcCidr,
    zones: zones.map((zone) => zoneWithSubnets(typeof zone === "string" ? { name: zone } : zone, vpcCidr)),
    nat,
    endpoints,
  };
}

/** @param address address of the scheduler in an existing network */
function resolveScheduler(
  definition: SchedulerDefinition,
  name: string,
  network: Network,
  address: string | undefined,
): Scheduler {
  const { instanceType = "m7i.large", image = "ubuntu" } = definition;
  const place = network.existing
    ? placeInExisting(definition, network.existing, address)
    : placeInZones(definition, network);
  return {
    instanceType,
    diskGiB: definition.diskGiB ?? (image === "deep-learning" ? DEFAULT_DEEP_LEARNING_DISK_GIB : 50),
    image,
    ...place,
    hostname: schedulerHostname(name, network, place.privateAddress),
    ...setupOf(definition),
    ...settingsOf(definition),
  };
}

/** Returns where the scheduler is in a network with zones. */
function placeInZones(definition: SchedulerDefinition, { zones, vpcCidr }: Network) {
  const zone = definition.zone ?? zones.map((one) => one.name).sort()[0] ?? "";
  const subnet = zones.find((one) => one.name === zone)?.privateSubnet;
  return {
    zone,
    privateAddress: definition.privateAddress ?? hostOf(subnet || vpcCidr, DEFAULT_SCHEDULER_HOST),
  };
}

/** Facts that the definition gives about instance types. */
interface Facts {
  readonly givenFacts?: GivenFacts;
}

function resolvePool(definition: PoolDefinition, release: Release, facts: Facts): Pool {
  return definition.kind === "cpu"
    ? resolveCpuPool(definition, facts)
    : resolveGpuPool(definition, release, facts);
}

function resolveCpuPool(definition: PoolDefinition & { kind: "cpu" }, facts: Facts): CpuPool {
  const { processes = 1, threads } = definition;
  return {
    kind: "cpu",
    ...common(definition, facts, "ubuntu", ["m7i.2xlarge", "m6i.2xlarge", "m5.2xlarge"]),
    resources: { CPU: threads ?? "threads", ...definition.resources },
    processes,
    ...(threads === undefined ? {} : { threads }),
  };
}

function resolveGpuPool(
  definition: PoolDefinition & { kind: "gpu" },
  release: Release,
  facts: Facts,
): GpuPool {
  const {
    threads = 1,
    rmmPool = release.rmm === undefined ? false : DEFAULT_RMM_SHARE,
    ucx = false,
  } = definition;
  return {
    kind: "gpu",
    ...common(definition, facts, "deep-learning", ["g6.xlarge", "g5.xlarge"]),
    resources: { GPU: 1, ...definition.resources },
    threads,
    rmmPool: readAmount(rmmPool) ?? false,
    ucx,
  };
}

function common(
  definition: PoolDefinition,
  facts: Facts,
  defaultImage: Image,
  defaultTypes: readonly string[],
) {
  const {
    name,
    minSize = 0,
    onDemandBase = 0,
    spotPercentage = 0,
    memoryLimit = "auto",
    image = defaultImage,
  } = definition;
  // An AMI by id in a GPU pool is most likely made from the Deep Learning AMI.
  const large = image === "deep-learning" || (definition.kind === "gpu" && image !== "ubuntu");
  const diskGiB = definition.diskGiB ?? (large ? DEFAULT_DEEP_LEARNING_DISK_GIB : 100);
  const instanceTypes = [...(definition.instanceTypes ?? defaultTypes)];
  const desiredSize = definition.desiredSize ?? Math.max(minSize, Math.min(1, definition.maxSize ?? 1));
  const everyTypeHasDisks = instanceTypes.every((type) => (factsOf(facts, type)?.disks ?? 0) > 0);
  const storage = definition.spill?.storage ?? (everyTypeHasDisks ? "instance-store" : "ebs");
  const share = formatBytes((diskGiB * GIB) / 2 / maxProcesses({ ...definition, instanceTypes, ...facts }));
  return {
    name,
    instanceTypes,
    minSize,
    desiredSize,
    maxSize: definition.maxSize ?? Math.max(10, desiredSize, minSize),
    ...scalingOf(definition),
    onDemandBase,
    spotPercentage,
    memoryLimit: readAmount(memoryLimit) ?? "auto",
    spill: { storage, limit: definition.spill?.limit ?? (storage === "ebs" ? share : false) },
    diskGiB,
    image,
    ...(definition.zones && { zones: [...definition.zones] }),
    ...(definition.subnetIds && { subnetIds: [...definition.subnetIds] }),
    ...facts,
    ...setupOf(definition),
    ...grantsOf(definition),
    ...settingsOf(definition),
  } as const;
}

/** Returns the user scripts of a definition, if it has any. */
function setupOf({ nodeSetup }: { readonly nodeSetup?: NodeSetupDefinition }) {
  return nodeSetup === undefined ? {} : { nodeSetup: { ...nodeSetup } };
}

/** Returns the data and the managed policies of a definition, if it has any. */
function grantsOf({ data, managedPolicies }: Grants): Grants {
  return {
    ...(data && { data: structuredClone(data) }),
    ...(managedPolicies && { managedPolicies: [...managedPolicies] }),
  };
}

interface Grants {
  readonly data?: DataDefinition;
  readonly managedPolicies?: readonly string[];
}

/** Returns a copy of the settings of Dask's processes, without those that a definition lacks. */
function settingsOf({ dask, environmentVariables, preload }: SettingsDefinition): SettingsDefinition {
  return structuredClone({
    ...(dask && { dask }),
    ...(environmentVariables && { environmentVariables }),
    ...(preload && { preload }),
  });
}
