import { at, type Block, StackJson } from "./stack-json";

/** What a diagram of a cluster on AWS shows, read from the synthesized JSON of its stack. */
export interface Diagram {
  readonly cluster: string;
  readonly network: Network;
  readonly scheduler: Scheduler;
  /** Pools, by name. */
  readonly pools: readonly DiagramPool[];
  /** Connections that security groups allow, by source and target. */
  readonly connections: readonly Connection[];
  /** Other resources of the cluster, each a title and lines. */
  readonly services: readonly Service[];
}

/** VPC with its zones. */
export interface Network {
  /** Such as `VPC 10.30.0.0/16`, or `existing VPC vpc-1`. */
  readonly title: string;
  /** Lines of each zone, such as `eu-central-1a, with NAT gateway` and `private 10.30.0.0/19`. */
  readonly zones: readonly string[];
}

/** The scheduler's instance. */
export interface Scheduler {
  readonly instanceType: string;
  /** Disk in GiB. */
  readonly diskGiB: number;
  /** Private address; undefined if EC2 chooses it. */
  readonly address: string | undefined;
}

/** A pool of workers. */
export interface DiagramPool {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  /** Instance types, in order of preference. */
  readonly instanceTypes: readonly string[];
  /** Share of spot instances beyond `onDemandBase`, in percent. */
  readonly spotPercentage: number;
  readonly onDemandBase: number;
}

/** End of a connection. */
export type End = "administrators" | "scheduler" | "workers";

/** Ports between two kinds of nodes. */
export interface Connection {
  readonly from: End;
  readonly to: End;
  /** Such as `scheduler 8786` or `worker 9000–9063`. */
  readonly ports: readonly string[];
  /** CIDR blocks of the source, if it is not a security group. */
  readonly blocks: readonly string[];
}

/** A service of AWS with resources of the cluster. */
export interface Service {
  readonly id: string;
  readonly title: string;
  readonly lines: readonly string[];
  /** Who uses it, for arrows. */
  readonly users: readonly Exclude<End, "administrators">[];
}

/**
 * Reads a diagram from the synthesized JSON of a stack.
 *
 * @param text content of `cdk.tf.json`
 * @throws Error if the stack has no cluster on AWS, or more than one
 */
export function readDiagram(text: string): Diagram {
  const stack = new StackJson(text);
  const schedulers = stack
    .all("aws_instance")
    .filter((block) => at(block, "tags", "dask:role") === "scheduler");
  const [instance] = schedulers;
  if (instance === undefined || schedulers.length > 1)
    throw new Error(`got ${schedulers.length} Dask clusters on AWS in the stack, expected one`);
  const cluster = String(at(instance, "tags", "dask:cluster"));
  const address = at(instance, "private_ip");
  return {
    cluster,
    network: network(stack, instance),
    scheduler: {
      instanceType: String(instance.instance_type),
      diskGiB: Number(at(instance, "root_block_device", "volume_size")),
      address: address === undefined ? undefined : String(address),
    },
    pools: pools(stack, cluster),
    connections: connections(stack),
    services: services(stack, cluster),
  };
}

function network(stack: StackJson, scheduler: Block): Network {
  const [vpc] = stack.all("aws_vpc");
  if (vpc === undefined) {
    const [security] = scheduler.vpc_security_group_ids as readonly string[];
    const group = stack.referenced(security);
    const subnets = stack
      .all("aws_autoscaling_group")
      .flatMap((block) => block.vpc_zone_identifier as readonly string[])
      .map((subnet) => (subnet.startsWith("${") ? "subnets of its owner" : subnet));
    const id = String(group?.vpc_id ?? "");
    return { title: `existing VPC${id.startsWith("vpc-") ? ` ${id}` : ""}`, zones: distinct(subnets) };
  }
  const subnets = stack.all("aws_subnet");
  const gateways = stack.all("aws_nat_gateway").map((block) => stack.referenced(block.subnet_id));
  const zones = distinct(subnets.map((block) => String(block.availability_zone))).sort();
  const kind = (block: Block) =>
    /--(private|public)-/.exec(String(at(block, "tags", "Name")))?.[1] ?? "subnet";
  return {
    title: `VPC ${vpc.cidr_block}`,
    zones: zones.flatMap((zone) => {
      const own = subnets.filter((block) => block.availability_zone === zone);
      const blocks = own.map((block) => `${kind(block)} ${block.cidr_block}`).sort();
      const nat = gateways.some((block) => block?.availability_zone === zone);
      return [`${zone}${nat ? ", with NAT gateway" : ""}`, ...blocks];
    }),
  };
}

function pools(stack: StackJson, cluster: string): readonly DiagramPool[] {
  return stack
    .all("aws_autoscaling_group")
    .flatMap((block) => {
      const [, name] = String(block.name).split(`dask-${cluster}--`);
      if (name === undefined) return [];
      const policy = block.mixed_instances_policy;
      const shares = at(policy, "instances_distribution");
      const overrides = at(policy, "launch_template", "override") as readonly Block[];
      return [
        {
          name,
          minSize: Number(block.min_size),
          maxSize: Number(block.max_size),
          instanceTypes: overrides.map((override) => String(override.instance_type)),
          spotPercentage: 100 - Number(at(shares, "on_demand_percentage_above_base_capacity")),
          onDemandBase: Number(at(shares, "on_demand_base_capacity")),
        },
      ];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Sources and targets of the rules' descriptions, such as `scheduler-to-workers: nanny` (`ClusterSecurityGroups`). */
const ENDS: Readonly<Record<string, readonly [from: End, to: End]>> = {
  administrators: ["administrators", "scheduler"],
  "workers-to-scheduler": ["workers", "scheduler"],
  "scheduler-to-workers": ["scheduler", "workers"],
  "workers-to-workers": ["workers", "workers"],
};

function connections(stack: StackJson): readonly Connection[] {
  const rules = stack.all("aws_vpc_security_group_ingress_rule").map((block) => {
    const [kind = "", port = ""] = String(block.description).split(": ");
    const range = block.from_port === block.to_port ? block.from_port : `${block.from_port}–${block.to_port}`;
    const words = port.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    return { kind, first: Number(block.from_port), port: `${words} ${range}`, block: block.cidr_ipv4 };
  });
  return Object.entries(ENDS).flatMap(([kind, [from, to]]) => {
    const own = rules.filter((rule) => rule.kind === kind).sort((a, b) => a.first - b.first);
    if (own.length === 0) return [];
    const blocks = own.flatMap(({ block }) => (block === undefined ? [] : [String(block)]));
    return [{ from, to, ports: distinct(own.map(({ port }) => port)), blocks: distinct(blocks).sort() }];
  });
}

/** Other resources of the user's stack are left out, by their names. */
function services(stack: StackJson, cluster: string): readonly Service[] {
  const service = (
    id: string,
    title: string,
    type: string,
    line: (block: Block) => string | undefined,
    users: Service["users"],
  ): readonly Service[] => {
    const lines = distinct(stack.all(type).flatMap((block) => line(block) ?? [])).sort();
    return lines.length === 0 ? [] : [{ id, title, lines, users }];
  };
  const name = ({ name }: Block) => String(name).split(`/dask/${cluster}/`)[1];
  const nodes = ["scheduler", "workers"] as const;
  return [
    ...service("key", "KMS key", "aws_kms_key", (block) => purposeOfKey(block, cluster), []),
    ...service("secrets", "Secrets Manager", "aws_secretsmanager_secret", name, nodes),
    ...service("bucket", "S3 bucket", "aws_s3_bucket", (block) => purposeOfBucket(block, cluster), nodes),
    ...service(
      "logs",
      "CloudWatch Logs",
      "aws_cloudwatch_log_group",
      (block) => logsOf(block, cluster) ?? name(block),
      [],
    ),
    ...service(
      "zone",
      "private zone",
      "aws_route53_zone",
      (block) => (block.name === `${cluster}.internal` ? `${cluster}.internal` : undefined),
      ["workers"],
    ),
    ...service("images", "Image Builder", "aws_imagebuilder_image", () => "baked AMIs", []),
  ];
}

/** Log groups of Image Builder have a digest in their names. */
function logsOf({ name }: Block, cluster: string): string | undefined {
  return String(name).startsWith(`/aws/imagebuilder/dask-${cluster}--`) ? "image builds" : undefined;
}

function purposeOfKey({ description }: Block, cluster: string): string | undefined {
  return description === `data of the Dask cluster ${cluster}` ? "disks, secrets, logs" : undefined;
}

/** The artifact bucket's name has only region and account; other buckets of the cluster name their purpose. */
function purposeOfBucket({ bucket }: Block, cluster: string): string | undefined {
  const [, purpose] = String(bucket).split(`dask-${cluster}--`);
  if (purpose === undefined) return undefined;
  return /^([a-z]+)--/.exec(purpose)?.[1] ?? "bundles of the nodes";
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
