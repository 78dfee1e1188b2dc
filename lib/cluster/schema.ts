import { z } from "zod";
import { parseBytes } from "./bytes";
import { isCidr, isIpv4Cidr } from "./cidr";
import { RELEASE_NAMES } from "./releases";

/** AWS takes 60 rules a security group by default: two a subnet, and one for the workers. */
const MOST_ADMIN_SUBNETS = 29;

/**
 * Shape of a definition, field by field: types, ranges, spelling. What concerns several fields is in `rules`.
 * A message states what is allowed; the remedy follows in `params`.
 */
function checked<T extends z.ZodType>(
  schema: T,
  test: (value: z.output<T>) => boolean,
  allowed: string,
  remedy: string,
): T {
  return schema.refine(test, { error: allowed, params: { remedy } });
}

/** An object without unknown keys, which says what the known ones are. */
const object = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === "unrecognized_keys" ? `one of ${Object.keys(shape).join(", ")}` : undefined,
  });

/** A choice between shapes, with a sentence in place of each shape's own complaint. */
const oneOf = <const T extends readonly z.ZodType[]>(schemas: T, allowed: string) =>
  z.union(schemas, { error: allowed });

const spelled = (pattern: RegExp, allowed: string, remedy: string) =>
  checked(z.string(), (value) => pattern.test(value), allowed, remedy);

const whole = (from: number, to: number) =>
  checked(
    z.number(),
    (value) => Number.isInteger(value) && value >= from && value <= to,
    `a whole number from ${from} to ${to}`,
    "give a number in that range",
  );

const clusterName = spelled(
  /^(?=.{1,32}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  "a lower-case letter, then lower-case letters, digits and single hyphens, at most 32 characters",
  "shorten or respell it: AWS names and the cluster's DNS zone are made from it",
);

const poolName = spelled(
  /^(?=.{1,20}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  "a lower-case letter, then lower-case letters, digits and single hyphens, at most 20 characters",
  "shorten or respell it: AWS names and the names of the workers are made from it",
);

const region = spelled(
  /^[a-z]{2}(-[a-z]+)+-\d$/,
  "the name of an AWS region, such as us-east-1",
  "name a region",
);

const zoneName = spelled(
  /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/,
  "the name of an availability zone, such as us-east-1a",
  "name a zone of the region",
);

const ipv4Block = checked(
  z.string(),
  isIpv4Cidr,
  "an IPv4 block with no bits set beyond its prefix, such as 10.20.0.0/16",
  "write the block's first address and the length of its prefix",
);

const adminSubnet = checked(
  checked(
    z.string(),
    isCidr,
    "an IPv4 or IPv6 block with no bits set beyond its prefix, such as 10.0.0.0/8",
    "write the block's first address and the length of its prefix",
  ),
  (value) => !isCidr(value) || !value.endsWith("/0"),
  "a block smaller than the whole Internet",
  "name the subnets of your administrators: whoever reaches port 8786 can run code on every worker",
);

const byteString = checked(
  z.string(),
  (value) => parseBytes(value) !== undefined,
  "a size that Dask can parse, such as 8GiB, 500MB or 1e9",
  "write a number and one of kB, MB, GB, TB, KiB, MiB, GiB, TiB",
);

const memoryLimit = checked(
  z.string(),
  (value) => value === "auto" || (parseBytes(value) ?? 0) > 0,
  "auto, or a size that Dask can parse, such as 8GiB or 500MB",
  "write a number and one of kB, MB, GB, TB, KiB, MiB, GiB, TiB",
);

const instanceType = spelled(
  /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/,
  "an EC2 instance type, such as m7i.2xlarge",
  "look the type up in EC2's list",
);

const resources = z.record(
  spelled(
    /^[A-Za-z][A-Za-z0-9_.:-]*$/,
    "a letter, then letters, digits, '_', '.', ':' and '-'",
    "respell the resource: Dask splits its --resources flag at spaces, commas and '='",
  ),
  checked(
    z.number(),
    (value) => value > 0 && Number.isFinite(value),
    "a number above 0",
    "say how much of the resource each worker process offers, or leave the resource out",
  ),
);

const image = oneOf(
  [
    z.enum(["ubuntu", "deep-learning"]),
    object({
      amiId: spelled(
        /^ami-([0-9a-f]{8}|[0-9a-f]{17})$/,
        "an AMI id, such as ami-0123456789abcdef0",
        "copy the AMI's id",
      ),
    }),
    object({
      ssmParameter: spelled(
        /^\/[A-Za-z0-9/_.-]+$/,
        "the full name of an SSM parameter, from the first /",
        "copy its name",
      ),
    }),
  ],
  "ubuntu, deep-learning, { amiId: 'ami-…' } or { ssmParameter: '/…' }",
);

const spill = object({
  on: z.enum(["instance-store", "ebs"]).optional(),
  limit: oneOf(
    [z.literal(false), byteString],
    "false, or a size that Dask can parse, such as 40GiB",
  ).optional(),
});

const diskGiB = whole(20, 16384);

const commonPool = {
  name: poolName,
  instanceTypes: z.array(instanceType).min(1).max(40).optional(),
  minSize: whole(0, 5000).optional(),
  desiredSize: whole(0, 5000).optional(),
  maxSize: whole(0, 5000).optional(),
  onDemandBase: whole(0, 5000).optional(),
  spotPercentage: whole(0, 100).optional(),
  memoryLimit: memoryLimit.optional(),
  resources: resources.optional(),
  spill: spill.optional(),
  diskGiB: diskGiB.optional(),
  image: image.optional(),
};

const pool = z.discriminatedUnion("kind", [
  object({
    ...commonPool,
    kind: z.literal("cpu"),
    processes: whole(1, 64).optional(),
    threads: whole(1, 1024).optional(),
  }),
  object({
    ...commonPool,
    kind: z.literal("gpu"),
    threads: whole(1, 1024).optional(),
    rmmPool: oneOf(
      [z.literal(false), byteString, z.number().gt(0).lt(1)],
      "a share above 0 and below 1, a size such as 12GiB, or false",
    ).optional(),
    ucx: z.boolean().optional(),
  }),
]);

const tagText = (longest: number) =>
  spelled(
    new RegExp(`^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]{0,${longest}}$`, "u"),
    `letters, digits, spaces and _ . : / = + - @, at most ${longest} characters`,
    "shorten or respell it",
  );

const tagKey = checked(
  tagText(128),
  (key) => key !== "" && !/^aws:/i.test(key),
  "letters, digits, spaces and _ . : / = + - @, at most 128 characters, not beginning with aws:",
  "respell the key",
);

/** What CloudWatch Logs takes (PutRetentionPolicy, API version 2014-03-28). */
const RETENTION_DAYS: readonly number[] = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731],
  ...[1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

const logRetentionDays = checked(
  z.number(),
  (value) => RETENTION_DAYS.includes(value),
  `one of ${RETENTION_DAYS.join(", ")}`,
  "choose a number of days that CloudWatch Logs takes",
);

const filled = z.string().min(1);

/** The shape of a `ClusterDefinition`. */
export const definitionSchema = object({
  name: clusterName,
  release: z.enum(RELEASE_NAMES).optional(),
  region: region.optional(),
  network: object({
    adminSubnets: z.array(adminSubnet).min(1).max(MOST_ADMIN_SUBNETS),
    vpcCidr: ipv4Block.optional(),
    zones: z
      .array(
        oneOf(
          [
            zoneName,
            object({
              name: zoneName,
              privateSubnet: ipv4Block.optional(),
              publicSubnet: ipv4Block.optional(),
            }),
          ],
          "a zone such as us-east-1a, or { name, privateSubnet, publicSubnet } with IPv4 blocks",
        ),
      )
      .min(1)
      .max(6)
      .optional(),
    nat: z.enum(["single", "per-zone", "none"]).optional(),
    endpoints: z.boolean().optional(),
  }),
  scheduler: object({
    instanceType: instanceType.optional(),
    diskGiB: diskGiB.optional(),
    image: image.optional(),
  }).optional(),
  pools: z.array(pool).max(50).optional(),
  bakedImages: z.boolean().optional(),
  tls: z.boolean().optional(),
  ssh: object({ keyName: filled }).optional(),
  logRetentionDays: logRetentionDays.optional(),
  deletionProtection: z.boolean().optional(),
  tags: z.record(tagKey, tagText(256)).optional(),
  backend: z
    .discriminatedUnion("type", [
      object({ type: z.literal("local"), path: filled.optional() }),
      object({
        type: z.literal("s3"),
        bucket: spelled(
          /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
          "the name of an S3 bucket",
          "copy the bucket's name",
        ),
        key: filled.optional(),
        region: region.optional(),
        kmsKeyId: filled.optional(),
      }),
      object({
        type: z.literal("hcp"),
        organization: filled,
        workspace: filled.optional(),
        hostname: filled.optional(),
      }),
    ])
    .optional(),
});
