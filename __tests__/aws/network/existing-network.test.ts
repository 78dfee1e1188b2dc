import { AwsStack } from "../../../lib/aws/aws-stack";
import { defineCluster } from "../../../lib/config/define";
import type { ExistingNetworkDefinition, PoolDefinition } from "../../../lib/config/definition";
import { LocalStack } from "../../../lib/local/stack/local-stack";
import { type Block, Synthesized, testApp } from "../../support/synthesized";
import { SUBNETS, VPC } from "../../support/vpc-ids";

const [A, B, C] = SUBNETS;
const IMAGE = { amiId: "ami-0123456789abcdef0" };

describe("a stack in an existing network of its definition", () => {
  test("creates no network, no endpoints, no flow logs and no reservation", () => {
    const { counts } = synthesize();
    const types = Object.keys(counts).filter((type) =>
      /vpc$|subnet|route_table|nat_|gateway|endpoint|flow|aws_route$/.test(type),
    );
    expect(types).toEqual([]);
    expect(counts).toMatchObject({ aws_security_group: 2, aws_instance: 1, aws_autoscaling_group: 2 });
  });

  test("starts the scheduler in the first subnet without a fixed address, and pools in all subnets or in their own", () => {
    const stack = synthesize();
    const instance = stack.resource("aws_instance");
    expect(instance.subnet_id).toBe(A);
    expect(instance).not.toHaveProperty("private_ip");
    expect(stack.resource("aws_autoscaling_group", "pools_all").vpc_zone_identifier).toEqual([A, B]);
    expect(stack.resource("aws_autoscaling_group", "pools_own").vpc_zone_identifier).toEqual([C]);
    expect(stack.resource("aws_security_group", "workers").vpc_id).toBe(VPC);
  });

  test("points the name to the address of the instance, with a short TTL if EC2 chooses the address", () => {
    const record = synthesize().resource("aws_route53_record");
    expect(record).toMatchObject({
      name: "scheduler.test.internal",
      ttl: 60,
      records: [expect.stringMatching(/aws_instance\..*\.private_ip/)],
    });
    expect(synthesize({ schedulerAddress: "10.60.1.10" }).resource("aws_route53_record").ttl).toBe(300);
  });

  test("has the address that EC2 chose as an output", () => {
    expect(synthesize().outputs.scheduler_ip).toMatch(/aws_instance\..*\.private_ip/);
    expect(synthesize({ schedulerAddress: "10.60.1.10" }).outputs).not.toHaveProperty("scheduler_ip");
  });

  test("puts the name into an existing hosted zone", () => {
    const zone = { id: "Z0123456789ABCDEFGHIJ", name: "dask.example.internal" };
    const stack = synthesize({ hostedZone: zone });
    expect(stack.counts).not.toHaveProperty("aws_route53_zone");
    expect(stack.resource("aws_route53_record")).toMatchObject({
      zone_id: zone.id,
      name: "scheduler.test.dask.example.internal",
    });
    expect(stack.outputs).toMatchObject({
      hosted_zone_id: zone.id,
      scheduler_address: "tls://scheduler.test.dask.example.internal:8786",
    });
    expect(conditions(stack.data("aws_route53_zone"))).toEqual([
      '${trimsuffix(self.name, ".") == "dask.example.internal"}',
    ]);
  });

  test("without a name uses the address for nodes, clients and the dashboard", () => {
    const stack = synthesize({ hostedZone: false, schedulerAddress: "10.60.1.10" });
    for (const type of ["aws_route53_zone", "aws_route53_record"])
      expect(stack.counts).not.toHaveProperty(type);
    expect(stack.resource("aws_instance").private_ip).toBe("10.60.1.10");
    expect(stack.outputs).toMatchObject({
      scheduler_address: "tls://10.60.1.10:8786",
      dashboard_link: "https://10.60.1.10:8787/status",
    });
    expect(stack.outputs).not.toHaveProperty("hosted_zone_id");
    expect(stack.resource("aws_autoscaling_group", "pools_all").depends_on).toEqual(
      expect.arrayContaining([expect.stringContaining("aws_instance.")]),
    );
  });

  test("reads the attributes of the VPC only for its hosted zone, or for the blocks of endpoints", () => {
    expect(synthesize().dataSources("aws_vpc")).toHaveLength(1);
    const address = { hostedZone: false, schedulerAddress: "10.60.1.10" } as const;
    expect(synthesize(address).dataSources("aws_vpc")).toEqual([]);
    const isolated = synthesize({ ...address, internetAccess: false });
    expect(isolated.data("aws_vpc")).toEqual({ id: VPC });
    expect(isolated.resource("aws_vpc_security_group_egress_rule", "workers-to-endpoints")).toMatchObject({
      for_each: expect.stringMatching(
        /^\$\{toset\(data\.aws_vpc\.\S+\.cidr_block_associations\[\*\]\.cidr_block\)\}$/,
      ),
      cidr_ipv4: "${each.value}",
      from_port: 443,
    });
  });
});

describe("the conditions of a plan", () => {
  test("are those of the VPC for each subnet, and of the scheduler's address for its subnet", () => {
    const stack = synthesize({ schedulerAddress: "10.60.1.10" });
    const inVpc = `\${self.vpc_id == "${VPC}"}`;
    expect(conditions(stack.data("aws_subnet", A))).toEqual([
      inVpc,
      expect.stringMatching(/^\$\{self\.owner_id == data\.aws_caller_identity\.\w+\.account_id\}$/),
      '${cidrhost(format("%s/%s", "10.60.1.10", split("/", self.cidr_block)[1]), 0) == cidrhost(self.cidr_block, 0)}',
      '${!contains([for index in [0, 1, 2, 3, -1] : cidrhost(self.cidr_block, index)], "10.60.1.10")}',
    ]);
    for (const subnet of [B, C]) expect(conditions(stack.data("aws_subnet", subnet))).toEqual([inVpc]);
  });

  test("do not require a VPC of the account with a hosted zone that exists, or without one", () => {
    const stack = synthesize({ hostedZone: { id: "Z0123456789ABCDEFGHIJ", name: "dask.example.internal" } });
    expect(conditions(stack.data("aws_subnet", A))).toEqual([`\${self.vpc_id == "${VPC}"}`]);
  });

  test("require room for the first nodes", () => {
    const messages = messagesOf(synthesize().data("aws_instances"));
    const free = (...subnets: string[]) =>
      `\\$\\{sum\\(\\[${subnets.map((id) => `data\\.aws_subnet\\.\\S*${id}\\w*\\.available_ip_address_count`).join(", ")}\\]\\)\\} free addresses in ${subnets.join(", ")}`;
    expect(messages).toEqual([
      expect.stringMatching(
        `^network\\.privateSubnetIds\\[0\\]: got ${free(A)}, expected at least 1 for the scheduler\\. Hint: `,
      ),
      expect.stringMatching(
        `^network\\.privateSubnetIds: got ${free(A, B)}, expected at least 3 for the first nodes of the pool all\\. `,
      ),
      expect.stringMatching(
        `^pools\\[1\\]\\.subnetIds: got ${free(C)}, expected at least 1 for the first nodes of the pool own\\. `,
      ),
    ]);
  });
});

test("a network in the props is rejected if the definition has one", () => {
  const network = { vpcId: VPC, privateSubnetIds: [A] };
  expect(() => new AwsStack(testApp(), "test", { cluster: define(), network })).toThrow(
    `network.vpcId: got "${VPC}", expected nothing with the network in the props of DaskCluster. Hint: name the existing network in one of the two places`,
  );
});

test("the local stack ignores the existing network", () => {
  const { outputs } = new Synthesized(new LocalStack(testApp(), "local", { cluster: define() }));
  expect(outputs.scheduler_address).toMatch(/^tls:\/\/127\.0\.0\.1:\d+$/);
});

test("the nodes of a pool with zones are in the subnets of these zones", () => {
  const cluster = defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"], zones: ["us-west-2b", "us-west-2a"] },
    pools: [
      { name: "all", kind: "cpu" },
      { name: "one", kind: "cpu", zones: ["us-west-2a"] },
    ],
  });
  const stack = new Synthesized(new AwsStack(testApp(), "test", { cluster }));
  const zonesOf = (pool: string) =>
    (stack.resource("aws_autoscaling_group", `pools_${pool}`).vpc_zone_identifier as string[]).map(
      (id) => /us-west-2[ab]/.exec(id)?.[0],
    );
  expect(zonesOf("all")).toEqual(["us-west-2b", "us-west-2a"]);
  expect(zonesOf("one")).toEqual(["us-west-2a"]);
});

function conditionsOf(block: Block) {
  const { postcondition } = block.lifecycle as {
    postcondition: readonly { condition: string; error_message: string }[];
  };
  return postcondition;
}

function conditions(block: Block): readonly string[] {
  return conditionsOf(block).map(({ condition }) => condition);
}

function messagesOf(block: Block): readonly string[] {
  return conditionsOf(block).map(({ error_message }) => error_message);
}

function define(network: Partial<ExistingNetworkDefinition> = {}) {
  const pool = { kind: "cpu", image: IMAGE } as const;
  const pools: readonly PoolDefinition[] = [
    { ...pool, name: "all", desiredSize: 3 },
    { ...pool, name: "own", subnetIds: [C] },
  ];
  return defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"], vpcId: VPC, privateSubnetIds: [A, B], ...network },
    scheduler: { image: IMAGE },
    pools,
  });
}

function synthesize(network: Partial<ExistingNetworkDefinition> = {}): Synthesized {
  return new Synthesized(new AwsStack(testApp(), "test", { cluster: define(network) }));
}
