import { z } from "zod";
import { MAX_VCPUS } from "./instance-types";
import { RELEASE_NAMES } from "./releases";
import { memoryLimit, rmmPool, spillLimit } from "./schema/amounts";
import { autoscaling, poolScaling, price } from "./schema/autoscaling";
import { backend } from "./schema/backend";
import { backup, bucketWithoutDots } from "./schema/backup";
import { data, policyArn } from "./schema/data";
import { environment } from "./schema/environment";
import { subnetId } from "./schema/existing-network";
import { integer, object, oneOf, pattern, refine } from "./schema/fields";
import { monitoring } from "./schema/monitoring";
import { clusterName, keyName, poolName, region, zoneName } from "./schema/names";
import { network, privateAddress } from "./schema/network";
import { settings } from "./schema/settings";
import { tags } from "./schema/tags";

const instanceType = pattern(
  /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/,
  "an EC2 instance type, such as m7i.2xlarge",
  "look the type up in EC2's list",
);

/** Limits are above the largest instance types, to allow for larger ones. */
const facts = object({
  vcpus: integer(1, 4096),
  memoryMiB: integer(512, 2 ** 27),
  gpus: integer(0, 64).optional(),
  gpuMemoryMiB: integer(1, 2 ** 24).optional(),
  disks: integer(0, 64).optional(),
  spot: z.boolean().optional(),
  architecture: z.enum(["x86_64", "arm64"]).optional(),
});

const resources = z.record(
  pattern(
    /^[A-Za-z][A-Za-z0-9_.:-]*$/,
    "a letter, then letters, digits, '_', '.', ':' and '-'",
    "respell the resource: Dask splits its --resources flag at spaces, commas and '='",
  ),
  refine(
    z.number(),
    (value) => value > 0 && Number.isFinite(value),
    "a number above 0",
    "set the amount that each worker process offers, or remove the resource",
  ),
);

const image = oneOf(
  [
    z.enum(["ubuntu", "deep-learning"]),
    object({
      amiId: pattern(
        /^ami-([0-9a-f]{8}|[0-9a-f]{17})$/,
        "an AMI id, such as ami-0123456789abcdef0",
        "copy the AMI's id",
      ),
    }),
    object({
      ssmParameter: pattern(
        /^\/[A-Za-z0-9/_.-]+$/,
        "the full name of an SSM parameter, from the first /",
        "copy its name",
      ),
    }),
  ],
  "ubuntu, deep-learning, { amiId: 'ami-…' } or { ssmParameter: '/…' }",
);

const spill = object({
  storage: z.enum(["instance-store", "ebs"]).optional(),
  limit: spillLimit.optional(),
});

const diskGiB = integer(20, 16384);

const scriptPath = pattern(
  /^[^\p{Cc}]*[^\p{Cc}/\s]$/u,
  "the path of a script of your project, such as setup/packages.sh",
  "name a file, not a folder",
);

const nodeSetup = object({ bake: scriptPath.optional(), boot: scriptPath.optional() });

const granting = { data: data.optional(), managedPolicies: z.array(policyArn).optional() };

const commonPool = {
  ...settings,
  name: poolName,
  instanceTypes: z.array(instanceType).min(1).max(40).optional(),
  minSize: integer(0, 5000).optional(),
  desiredSize: integer(0, 5000).optional(),
  maxSize: integer(0, 5000).optional(),
  ...poolScaling,
  onDemandBase: integer(0, 5000).optional(),
  spotPercentage: integer(0, 100).optional(),
  memoryLimit: memoryLimit.optional(),
  resources: resources.optional(),
  spill: spill.optional(),
  diskGiB: diskGiB.optional(),
  image: image.optional(),
  zones: z.array(zoneName).min(1).optional(),
  subnetIds: z.array(subnetId).min(1).optional(),
  nodeSetup: nodeSetup.optional(),
  ...granting,
};

const pool = z.discriminatedUnion("kind", [
  object({
    ...commonPool,
    kind: z.literal("cpu"),
    processes: integer(1, MAX_VCPUS).optional(),
    threads: integer(1, 1024).optional(),
  }),
  object({
    ...commonPool,
    kind: z.literal("gpu"),
    threads: integer(1, 1024).optional(),
    rmmPool: rmmPool.optional(),
    ucx: z.boolean().optional(),
  }),
]);

/** Values that CloudWatch Logs accepts (PutRetentionPolicy, API version 2014-03-28). */
const RETENTION_DAYS: readonly number[] = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731],
  ...[1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

const logRetentionDays = refine(
  z.number(),
  (value) => RETENTION_DAYS.includes(value),
  `one of ${RETENTION_DAYS.join(", ")}`,
  "choose a number of days that CloudWatch Logs accepts",
);

/**
 * Schema of a `ClusterDefinition`: type, range and spelling of each field. `rules` has the checks of several fields.
 */
export const definitionSchema = object({
  ...settings,
  name: clusterName,
  release: z.enum(RELEASE_NAMES).optional(),
  environment: environment.optional(),
  region: region.optional(),
  network,
  scheduler: object({
    ...settings,
    instanceType: instanceType.optional(),
    diskGiB: diskGiB.optional(),
    image: image.optional(),
    zone: zoneName.optional(),
    privateAddress: privateAddress.optional(),
    subnetId: subnetId.optional(),
    nodeSetup: nodeSetup.optional(),
  }).optional(),
  pools: z.array(pool).max(50).optional(),
  autoscaling: autoscaling.optional(),
  prices: z.record(instanceType, price).optional(),
  bakedImages: z.boolean().optional(),
  nodeSetup: nodeSetup.optional(),
  tls: z.boolean().optional(),
  ssh: object({ keyName }).optional(),
  logRetentionDays: logRetentionDays.optional(),
  monitoring: monitoring.optional(),
  deletionProtection: z.boolean().optional(),
  tags: tags.optional(),
  artifactBucket: bucketWithoutDots.optional(),
  backup: backup.optional(),
  instanceTypeFacts: z.record(instanceType, facts).optional(),
  ...granting,
  permissionsBoundary: policyArn.optional(),
  backend: backend.optional(),
});
