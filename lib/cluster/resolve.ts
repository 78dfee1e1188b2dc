import { contains, hostOf, isIpv4Cidr, prefixOf, subnetOf } from "./cidr";
import type { Cluster, CpuPool, GpuPool, Network, Pool } from "./cluster";
import type { ClusterDefinition, NetworkDefinition, PoolDefinition } from "./definition";
import { instanceTypeFacts } from "./instance-types";
import { DEFAULT_RELEASE, RELEASES, type Release } from "./releases";

/** AWS keeps the first four addresses of a subnet for itself; the scheduler takes the eleventh. */
const SCHEDULER_HOST = 10;

/** Where administrators are who are on this machine. */
const LOOPBACK = "127.0.0.0/8";

/**
 * Default disk of a machine with the Deep Learning AMI, in GiB. That image floats and grows: its snapshot is 75 GiB, and
 * that of a relative 105 GiB already. Half of the disk is what workers may spill, so the other half has to hold it.
 */
const DEEP_LEARNING_DISK = 200;

/** Share of a GPU's memory that RMM takes at once: what dask-cuda's documentation uses, with room for CUDA itself. */
const RMM_SHARE = 0.8;

/** Fills in the defaults of a definition whose fields are sound. Pure. */
export function resolve(definition: ClusterDefinition): Cluster {
  const { name, region = "us-east-1", scheduler = {}, bakedImages = false, tags = {} } = definition;
  const release = RELEASES[definition.release ?? DEFAULT_RELEASE];
  const network = resolveNetwork(definition.network, region);
  const pools = (definition.pools ?? [{ name: "cpu", kind: "cpu" }]).map((pool) =>
    resolvePool(pool, release),
  );
  return {
    name,
    release,
    region,
    network,
    scheduler: {
      instanceType: scheduler.instanceType ?? "m7i.large",
      diskGiB: scheduler.diskGiB ?? (scheduler.image === "deep-learning" ? DEEP_LEARNING_DISK : 50),
      image: scheduler.image ?? "ubuntu",
      privateAddress: hostOf(network.zones[0]?.privateSubnet ?? network.vpcCidr, SCHEDULER_HOST),
      hostname: `scheduler.${name}.internal`,
    },
    pools,
    ucx: pools.some((pool) => pool.kind === "gpu" && pool.ucx),
    tls:
      definition.tls ??
      !network.adminSubnets.every((subnet) => isIpv4Cidr(subnet) && contains(LOOPBACK, subnet)),
    ...(definition.ssh && { ssh: { ...definition.ssh } }),
    logRetentionDays: definition.logRetentionDays ?? 365,
    deletionProtection: definition.deletionProtection ?? false,
    bakedImages,
    tags: { ...tags },
    backend: definition.backend ?? { type: "local" },
  };
}

function resolveNetwork(definition: NetworkDefinition, region: string): Network {
  const {
    vpcCidr = "10.20.0.0/16",
    zones = [`${region}a`, `${region}b`],
    nat = "single",
    endpoints = false,
  } = definition;
  // Eighths of the VPC: one a zone for machines, the last one cut again into eighths for the NAT gateways.
  const derivable = prefixOf(vpcCidr) <= 26;
  const eighth = (index: number) => (derivable ? subnetOf(vpcCidr, 3, index) : vpcCidr);
  return {
    adminSubnets: [...definition.adminSubnets],
    vpcCidr,
    zones: zones
      .map((zone) => (typeof zone === "string" ? { name: zone } : zone))
      .map(({ name, privateSubnet, publicSubnet }, index) => ({
        name,
        privateSubnet: privateSubnet ?? eighth(index),
        publicSubnet: publicSubnet ?? (derivable ? subnetOf(eighth(7), 3, index) : vpcCidr),
      })),
    nat,
    endpoints,
  };
}

function resolvePool(definition: PoolDefinition, release: Release): Pool {
  return definition.kind === "cpu" ? resolveCpuPool(definition) : resolveGpuPool(definition, release);
}

function resolveCpuPool(definition: PoolDefinition & { kind: "cpu" }): CpuPool {
  const { processes = 1, threads } = definition;
  return {
    kind: "cpu",
    ...common(definition, ["m7i.2xlarge", "m6i.2xlarge", "m5.2xlarge"], processes),
    resources: { CPU: threads ?? "threads", ...definition.resources },
    image: definition.image ?? "ubuntu",
    processes,
    ...(threads === undefined ? {} : { threads }),
  };
}

function resolveGpuPool(definition: PoolDefinition & { kind: "gpu" }, release: Release): GpuPool {
  const { threads = 1, rmmPool = release.rmm === undefined ? false : RMM_SHARE, ucx = false } = definition;
  return {
    kind: "gpu",
    ...common(definition, ["g6.xlarge", "g5.xlarge"], 1),
    resources: { GPU: 1, ...definition.resources },
    image: definition.image ?? "deep-learning",
    threads,
    rmmPool,
    ucx,
  };
}

function common(definition: PoolDefinition, defaultTypes: readonly string[], processes: number) {
  const {
    name,
    minSize = 0,
    onDemandBase = 0,
    spotPercentage = 0,
    memoryLimit = "auto",
    diskGiB = 100,
  } = definition;
  const instanceTypes = [...(definition.instanceTypes ?? defaultTypes)];
  const desiredSize = definition.desiredSize ?? Math.max(minSize, Math.min(1, definition.maxSize ?? 1));
  const everyTypeHasDisks = instanceTypes.every((type) => (instanceTypeFacts(type)?.disks ?? 0) > 0);
  const on = definition.spill?.on ?? (everyTypeHasDisks ? "instance-store" : "ebs");
  const half = `${Math.floor(diskGiB / 2 / processes)}GiB`;
  return {
    name,
    instanceTypes,
    minSize,
    desiredSize,
    maxSize: definition.maxSize ?? Math.max(10, desiredSize, minSize),
    onDemandBase,
    spotPercentage,
    memoryLimit,
    spill: { on, limit: definition.spill?.limit ?? (on === "ebs" ? half : false) },
    diskGiB,
  } as const;
}
