import { TerraformOutput } from "cdktf";
import { Endpoints } from "../../../lib/aws/network/endpoints";
import { Network } from "../../../lib/aws/network/network";
import { defineCluster } from "../../../lib/config/define";
import type { NewNetworkDefinition } from "../../../lib/config/definition";
import { Synthesized } from "../../support/synthesized";

describe("a network over two zones with one NAT gateway", () => {
  const network = synthesize({ vpcCidr: "10.20.0.0/16", zones: ["us-west-2a", "us-west-2b"], nat: "single" });

  test("has a VPC with DNS support and DNS host names", () => {
    expect(network.resource("aws_vpc")).toEqual({
      cidr_block: "10.20.0.0/16",
      enable_dns_support: true,
      enable_dns_hostnames: true,
      tags: { Name: "dask-test--vpc" },
    });
  });

  test("manages the VPC's default security group without rules", () => {
    expect(network.resource("aws_default_security_group")).toEqual({
      vpc_id: expect.stringContaining("aws_vpc."),
      tags: { Name: "dask-test--default-closed" },
    });
  });

  test("has a private and a public subnet in each zone, without automatic public addresses", () => {
    const subnets = network.resources("aws_subnet");
    expect(
      subnets.map(({ availability_zone, cidr_block, map_public_ip_on_launch }) => [
        availability_zone,
        cidr_block,
        map_public_ip_on_launch,
      ]),
    ).toEqual([
      ["us-west-2a", "10.20.0.0/19", false],
      ["us-west-2a", "10.20.224.0/22", false],
      ["us-west-2b", "10.20.32.0/19", false],
      ["us-west-2b", "10.20.228.0/22", false],
    ]);
  });

  test("routes every private subnet through the NAT gateway", () => {
    expect(network.counts).toMatchObject({ aws_nat_gateway: 1, aws_eip: 1 });
    const gateways = ["us-west-2a_to-nat", "us-west-2b_to-nat"].map((name) => {
      const { destination_cidr_block, nat_gateway_id } = network.resource("aws_route", name);
      expect(destination_cidr_block).toBe("0.0.0.0/0");
      return nat_gateway_id;
    });
    expect(gateways).toEqual([
      expect.stringContaining("aws_nat_gateway.network_us-west-2a_nat"),
      expect.stringContaining("aws_nat_gateway.network_us-west-2a_nat"),
    ]);
  });

  test("gives only the public subnets a route to the Internet gateway", () => {
    expect(network.resource("aws_route", "to-internet")).toMatchObject({
      destination_cidr_block: "0.0.0.0/0",
      gateway_id: expect.stringContaining("aws_internet_gateway."),
      route_table_id: expect.stringContaining("public-routes"),
    });
    expect(
      network
        .resources("aws_route_table_association")
        .map(({ subnet_id, route_table_id }) => [kindOf(subnet_id), kindOf(route_table_id)]),
    ).toEqual([
      ["private", "private"],
      ["public", "public"],
      ["private", "private"],
      ["public", "public"],
    ]);
  });

  test("has a gateway endpoint of S3 for every private subnet", () => {
    expect(network.resource("aws_vpc_endpoint")).toMatchObject({
      vpc_endpoint_type: "Gateway",
      service_name: "com.amazonaws.us-west-2.s3",
      route_table_ids: [
        expect.stringContaining("us-west-2a_private-routes"),
        expect.stringContaining("us-west-2b_private-routes"),
      ],
    });
  });
});

describe("a network with a NAT gateway per zone", () => {
  const network = synthesize({ zones: ["us-west-2a", "us-west-2b", "us-west-2c"], nat: "per-zone" });

  test.each(["us-west-2a", "us-west-2b", "us-west-2c"])(
    "routes zone %s through a NAT gateway in the zone",
    (zone) => {
      expect(network.resource("aws_route", `${zone}_to-nat`).nat_gateway_id).toContain(`network_${zone}_nat`);
      expect(network.resource("aws_nat_gateway", zone)).toMatchObject({
        subnet_id: expect.stringContaining(`${zone}_public-subnet`),
        allocation_id: expect.stringContaining(`${zone}_nat-address`),
      });
    },
  );
});

describe("a network without a NAT gateway", () => {
  const network = synthesize({ nat: "none", endpoints: true });

  test("has no internet access and no public subnet", () => {
    for (const type of ["aws_nat_gateway", "aws_eip", "aws_internet_gateway", "aws_route"])
      expect(network.counts).not.toHaveProperty(type);
    expect(network.resources("aws_subnet").map(({ tags }) => tags)).toEqual([
      { Name: "dask-test--private-us-west-2a" },
      { Name: "dask-test--private-us-west-2b" },
    ]);
  });

  test.each(["autoscaling", "ec2", "kms", "logs", "monitoring", "secretsmanager", "ssm", "ssmmessages"])(
    "has an endpoint of %s in each zone, with private DNS",
    (service) => {
      expect(network.resource("aws_vpc_endpoint", `endpoints_${service}_`)).toEqual({
        vpc_id: expect.stringContaining("aws_vpc."),
        vpc_endpoint_type: "Interface",
        service_name: `com.amazonaws.us-west-2.${service}`,
        private_dns_enabled: true,
        subnet_ids: [
          expect.stringContaining("us-west-2a_private-subnet"),
          expect.stringContaining("us-west-2b_private-subnet"),
        ],
        security_group_ids: [expect.stringContaining("endpoints_group")],
        tags: { Name: `dask-test--${service}` },
        depends_on: [expect.stringContaining("scheduler-address")],
      });
    },
  );

  test("allows only the VPC to reach its endpoints, by HTTPS", () => {
    expect(network.resources("aws_vpc_security_group_ingress_rule")).toEqual([
      {
        security_group_id: expect.stringContaining("endpoints_group"),
        description: "nodes: https",
        cidr_ipv4: "10.20.0.0/16",
        ip_protocol: "tcp",
        from_port: 443,
        to_port: 443,
      },
    ]);
    expect(network.counts).not.toHaveProperty("aws_vpc_security_group_egress_rule");
  });
});

test("endpoints in an existing VPC accept private subnets in its secondary blocks", () => {
  const cluster = defineCluster({
    name: "test",
    network: {
      adminSubnets: ["10.0.0.0/16"],
      vpcCidr: "10.0.0.0/16",
      zones: [{ name: "us-west-2a", privateSubnet: "100.64.0.0/18" }],
    },
  });
  const network = { vpcId: "vpc-1", privateSubnetIds: ["subnet-1"] };
  const endpoints = Synthesized.of((scope) => {
    new Endpoints(scope, "endpoints", { cluster, network });
  });
  expect(
    endpoints
      .resources("aws_vpc_security_group_ingress_rule")
      .map(({ cidr_ipv4 }) => cidr_ipv4)
      .sort(),
  ).toEqual(["10.0.0.0/16", "100.64.0.0/18"]);
});

test("a network has only the endpoint of S3 unless the definition sets endpoints", () => {
  expect(synthesize({}).counts.aws_vpc_endpoint).toBe(1);
  expect(synthesize({ endpoints: true }).counts).toMatchObject({ aws_vpc_endpoint: 10, aws_nat_gateway: 1 });
});

test("a network reserves the scheduler's address", () => {
  expect(synthesize({ vpcCidr: "10.20.0.0/22" }).resource("aws_ec2_subnet_cidr_reservation")).toEqual({
    subnet_id: expect.stringContaining("us-west-2a_private-subnet"),
    cidr_block: "10.20.0.10/32",
    reservation_type: "explicit",
    description: "scheduler of the Dask cluster test",
  });
});

describe("the order of the zones", () => {
  const zones = ["us-west-2b", "us-west-2c", "us-west-2a"];
  const network = synthesize({ zones, nat: "single" });

  test("is that of the subnets and route tables", () => {
    const { privateSubnetIds, privateRouteTableIds } = network.outputs as Record<string, string[]>;
    expect(privateSubnetIds).toEqual(
      zones.map((zone) => expect.stringMatching(`^\\$\\{aws_subnet.network_${zone}_private-subnet_`)),
    );
    expect(privateRouteTableIds).toEqual(
      zones.map((zone) => expect.stringMatching(`^\\$\\{aws_route_table.network_${zone}_private-routes_`)),
    );
  });

  test("does not decide where the scheduler and the one NAT gateway are", () => {
    expect(network.resource("aws_ec2_subnet_cidr_reservation").subnet_id).toMatch(
      /^\$\{aws_subnet.network_us-west-2a_private-subnet_/,
    );
    expect(network.names("aws_nat_gateway")).toEqual([expect.stringMatching(/^network_us-west-2a_nat_/)]);
  });
});

test("internet connectivity includes the associations of route tables and the endpoint of S3", () => {
  const { internetConnectivityEstablished } = synthesize({}).outputs as {
    internetConnectivityEstablished: string[];
  };
  expect(
    internetConnectivityEstablished.map((address) => address.replace(/^\$\{(.*)_[0-9A-F]{8}\}$/, "$1")),
  ).toEqual([
    "aws_ec2_subnet_cidr_reservation.network_scheduler-address",
    "aws_route_table_association.network_us-west-2a_private-association",
    "aws_route.network_us-west-2a_to-nat",
    "aws_route_table_association.network_us-west-2b_private-association",
    "aws_route.network_us-west-2b_to-nat",
    "aws_vpc_endpoint.network_s3",
  ]);
});

test("a private subnet is replaced before it is deleted, and waits 90 minutes for its instances", () => {
  const network = synthesize({});
  expect(network.resource("aws_subnet", "us-west-2a_private")).toMatchObject({
    lifecycle: { create_before_destroy: true },
    timeouts: { delete: "90m" },
  });
  expect(network.resource("aws_subnet", "us-west-2a_public")).not.toHaveProperty("lifecycle");
});

test("uses the subnets of the definition", () => {
  const network = synthesize({
    vpcCidr: "172.16.0.0/20",
    zones: [{ name: "us-west-2a", privateSubnet: "172.16.0.0/21", publicSubnet: "172.16.8.0/28" }],
  });
  expect(network.resource("aws_subnet", "private").cidr_block).toBe("172.16.0.0/21");
  expect(network.resource("aws_subnet", "public").cidr_block).toBe("172.16.8.0/28");
});

test("rejects subnets outside the VPC, each with its path", () => {
  const zones = [
    { name: "us-west-2a", privateSubnet: "100.64.0.0/18", publicSubnet: "100.64.64.0/24" },
    { name: "us-west-2b" },
  ];
  expect(() => synthesize({ vpcCidr: "10.20.0.0/16", zones })).toThrow(
    /network\.zones\[0\]\.privateSubnet: got "100\.64\.0\.0\/18".*\n.*network\.zones\[0\]\.publicSubnet/,
  );
});

test("zones keep their subnets when their order changes", () => {
  const blocks = (zones: string[]) =>
    synthesize({ zones })
      .resources("aws_subnet")
      .map(({ availability_zone, cidr_block }) => `${availability_zone} ${cidr_block}`)
      .sort();
  const before = blocks(["us-west-2a", "us-west-2b"]);
  expect(blocks(["us-west-2b", "us-west-2a"])).toEqual(before);
  expect(blocks(["us-west-2b", "us-west-2a", "us-west-2c"])).toEqual(expect.arrayContaining(before));
});

function kindOf(reference: unknown): string {
  return String(reference).includes("public") ? "public" : "private";
}

function synthesize(network: Omit<NewNetworkDefinition, "adminSubnets">): Synthesized {
  const image = { amiId: "ami-0123456789abcdef0" };
  const cluster = defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"], ...network },
    scheduler: { image },
    pools: [{ name: "cpu", kind: "cpu", image }],
  });
  return Synthesized.of((scope) => {
    const { privateSubnetIds, privateRouteTableIds, internetConnectivityEstablished } = new Network(
      scope,
      "network",
      { cluster },
    );
    const addresses = internetConnectivityEstablished.map(({ fqn }) => fqn);
    const values = { privateSubnetIds, privateRouteTableIds, internetConnectivityEstablished: addresses };
    for (const [name, value] of Object.entries(values))
      new TerraformOutput(scope, name, { value, staticId: true });
  });
}
