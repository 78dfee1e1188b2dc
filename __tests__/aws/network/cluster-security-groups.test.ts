import { ClusterSecurityGroups } from "../../../lib/aws/network/cluster-security-groups";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { type Block, Synthesized } from "../../support/synthesized";

const INGRESS = "aws_vpc_security_group_ingress_rule";
const EGRESS = "aws_vpc_security_group_egress_rule";

describe("a cluster of CPU workers", () => {
  const rules = synthesize({});

  test("allows ingress to the scheduler from administrators and workers", () => {
    expect(rulesOf(rules, INGRESS, "scheduler")).toEqual([
      "10.0.0.0/16 tcp 8786-8786",
      "10.0.0.0/16 tcp 8787-8787",
      "203.0.113.0/24 tcp 8786-8786",
      "203.0.113.0/24 tcp 8787-8787",
      "workers tcp 8786-8786",
    ]);
  });

  test("allows ingress to workers from the scheduler and from workers", () => {
    expect(rulesOf(rules, INGRESS, "workers")).toEqual([
      "scheduler tcp 32768-40959",
      "scheduler tcp 8790-8790",
      "scheduler tcp 9000-9063",
      "scheduler tcp 9100-9163",
      "workers tcp 9000-9063",
    ]);
  });

  test("allows egress of the scheduler to workers and to web servers", () => {
    expect(rulesOf(rules, EGRESS, "scheduler")).toEqual([
      "0.0.0.0/0 tcp 443-443",
      "0.0.0.0/0 tcp 80-80",
      "workers tcp 32768-40959",
      "workers tcp 8790-8790",
      "workers tcp 9000-9063",
      "workers tcp 9100-9163",
    ]);
  });

  test("allows egress of workers to the scheduler, to workers and to web servers", () => {
    expect(rulesOf(rules, EGRESS, "workers")).toEqual([
      "0.0.0.0/0 tcp 443-443",
      "0.0.0.0/0 tcp 80-80",
      "scheduler tcp 8786-8786",
      "workers tcp 9000-9063",
    ]);
  });

  test("has security groups without inline rules, and a description of each group and rule", () => {
    expect(rules.resource("aws_security_group", "scheduler")).toEqual({
      name: "dask-test--scheduler",
      description: "scheduler of the Dask cluster test",
      vpc_id: "vpc-1",
      tags: { Name: "dask-test--scheduler" },
    });
    const all = [...rules.resources(INGRESS), ...rules.resources(EGRESS)];
    expect(all).toHaveLength(20);
    // Characters that EC2 accepts in a description.
    for (const { description } of all)
      expect(description).toMatch(/^[a-zA-Z0-9. _:/()#,@[\]+=&;{}!$*-]{1,255}$/);
  });
});

test("the rules cover a port for each worker process of the largest node", () => {
  const many = { name: "many", kind: "cpu", instanceTypes: ["m7i.48xlarge"], processes: 192 } as const;
  const rules = synthesize({ pools: [{ name: "cpu", kind: "cpu" }, many] });
  expect(rulesOf(rules, INGRESS, "workers")).toEqual([
    "scheduler tcp 32768-40959",
    "scheduler tcp 8790-8790",
    "scheduler tcp 9000-9191",
    "scheduler tcp 9192-9383",
    "workers tcp 9000-9191",
  ]);
});

test("workers reach each other on unpinned ports where the release cannot pin those of GPU workers", () => {
  const rules = synthesize({ release: "2024.7", pools: [{ name: "gpu", kind: "gpu" }] });
  expect(rulesOf(rules, INGRESS, "workers").filter((rule) => rule.startsWith("workers"))).toEqual([
    "workers tcp 32768-40959",
    "workers tcp 9000-9063",
  ]);
});

test.each([
  { release: "2026.7", pools: [{ name: "gpu", kind: "gpu" }] },
  { release: "2024.7", pools: [{ name: "cpu", kind: "cpu" }] },
] as const)("workers reach each other only on worker ports with %j", (definition) => {
  expect(
    rulesOf(synthesize(definition), INGRESS, "workers").filter((rule) => rule.startsWith("workers")),
  ).toEqual(["workers tcp 9000-9063"]);
});

test("with UCX, nodes reach each other on any TCP port, and administrators do not reach nodes", () => {
  const rules = synthesize({
    tls: false,
    scheduler: { instanceType: "g6.xlarge" },
    pools: [{ name: "gpu", kind: "gpu", ucx: true }],
  });
  expect(rulesOf(rules, INGRESS, "scheduler")).toEqual(["workers tcp 0-65535"]);
  expect(rulesOf(rules, INGRESS, "workers")).toEqual(["scheduler tcp 0-65535", "workers tcp 0-65535"]);
});

test("without TLS, only nodes reach nodes", () => {
  const rules = synthesize({ tls: false });
  expect(rulesOf(rules, INGRESS, "scheduler")).toEqual(["workers tcp 8786-8786"]);
  expect(rules.resources(INGRESS).flatMap(({ cidr_ipv4 }) => cidr_ipv4 ?? [])).toEqual([]);
});

test("the admin subnets reach SSH on every node if the definition has ssh", () => {
  const rules = synthesize({ ssh: { keyName: "ops" } });
  const ssh = (group: string) => rulesOf(rules, INGRESS, group).filter((rule) => rule.endsWith(" 22-22"));
  const fromAdministrators = ["10.0.0.0/16 tcp 22-22", "203.0.113.0/24 tcp 22-22"];
  expect(ssh("scheduler")).toEqual(fromAdministrators);
  expect(ssh("workers")).toEqual(fromAdministrators);
});

test("without a NAT gateway, nodes reach endpoints in the VPC instead of web servers", () => {
  const baked = { amiId: "ami-0123456789abcdef0" };
  const rules = synthesize({
    network: { adminSubnets: ["10.0.0.0/16"], vpcCidr: "10.20.0.0/16", nat: "none", endpoints: true },
    scheduler: { image: baked },
    pools: [{ name: "cpu", kind: "cpu", image: baked }],
  });
  for (const group of ["scheduler", "workers"])
    expect(rulesOf(rules, EGRESS, group).filter((rule) => /^\d/.test(rule))).toEqual([
      "10.20.0.0/16 tcp 443-443",
    ]);
  const toS3 = rules.resources(EGRESS).filter(({ prefix_list_id }) => prefix_list_id !== undefined);
  expect(rules.data("aws_ec2_managed_prefix_list")).toEqual({ name: "com.amazonaws.us-west-2.s3" });
  expect(toS3).toEqual(
    ["scheduler", "workers"].map((group) => ({
      security_group_id: expect.stringMatching(new RegExp(`aws_security_group\\.security_${group}_`)),
      description: `${group}-to-s3: https`,
      prefix_list_id: expect.stringMatching(/^\$\{data\.aws_ec2_managed_prefix_list\.security_s3_\w+\.id\}$/),
      ip_protocol: "tcp",
      from_port: 443,
      to_port: 443,
    })),
  );
});

test("without a NAT gateway, nodes also reach endpoints in secondary blocks of an existing VPC", () => {
  const baked = { amiId: "ami-0123456789abcdef0" };
  const rules = synthesize({
    network: {
      adminSubnets: ["10.0.0.0/16"],
      vpcCidr: "10.0.0.0/16",
      zones: [
        { name: "us-west-2a", privateSubnet: "100.64.0.0/18" },
        { name: "us-west-2b", privateSubnet: "10.0.64.0/18" },
      ],
      nat: "none",
      endpoints: true,
    },
    scheduler: { image: baked },
    pools: [{ name: "cpu", kind: "cpu", image: baked }],
  });
  for (const group of ["scheduler", "workers"])
    expect(rulesOf(rules, EGRESS, group).filter((rule) => /^\d/.test(rule))).toEqual([
      "10.0.0.0/16 tcp 443-443",
      "100.64.0.0/18 tcp 443-443",
    ]);
});

/** The rules of a group as `peer protocol ports`, in alphabetical order. */
function rulesOf(rules: Synthesized, type: string, group: string): readonly string[] {
  return rules
    .resources(type)
    .filter(({ security_group_id }) => groupOf(security_group_id) === group)
    .map((rule) => `${peerOf(rule)} ${rule.ip_protocol} ${rule.from_port}-${rule.to_port}`)
    .sort();
}

function peerOf({ cidr_ipv4, referenced_security_group_id }: Block): unknown {
  return cidr_ipv4 ?? groupOf(referenced_security_group_id);
}

function groupOf(reference: unknown): string | undefined {
  return /aws_security_group\.security_(\w+)_[0-9A-F]{8}\.id/.exec(String(reference))?.[1];
}

function synthesize(definition: Partial<ClusterDefinition>): Synthesized {
  const cluster = defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16", "203.0.113.0/24"] },
    ...definition,
  });
  const network = { vpcId: "vpc-1", privateSubnetIds: ["subnet-1", "subnet-2"] };
  return Synthesized.of((scope) => new ClusterSecurityGroups(scope, "security", { cluster, network }));
}
