import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { defineCluster } from "../../lib/config/define";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { type Block, Synthesized, testApp } from "../support/synthesized";

const INGRESS = "aws_vpc_security_group_ingress_rule";

describe.each([["development", development] as const, ["production", production] as const])(
  "the example environment %s",
  (name, cluster) => {
    const stack = synthesize(name, cluster);

    test("requires the provider versions that it is tested with", () => {
      expect(stack.terraform.required_providers).toEqual({
        aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" },
        null: { source: "hashicorp/null", version: ">= 3.2.0, < 4.0.0" },
      });
    });

    test("sets the region and the default tags of the provider", () => {
      expect(stack.provider("aws")).toEqual({
        region: "eu-central-1",
        default_tags: [{ tags: { environment: name, "dask:cluster": name } }],
      });
    });

    test("allows no ingress from the whole Internet", () => {
      expect(stack.resources(INGRESS).length).toBeGreaterThan(0);
      for (const { cidr_ipv4, cidr_ipv6 } of stack.resources(INGRESS)) {
        expect(cidr_ipv4).not.toBe("0.0.0.0/0");
        expect(cidr_ipv6).not.toBe("::/0");
      }
      for (const type of ["aws_security_group", "aws_default_security_group"]) {
        expect(stack.resources(type).length).toBeGreaterThan(0);
        for (const group of stack.resources(type)) expect(group).not.toHaveProperty("ingress");
      }
    });

    test("allows only administrators and nodes to reach the scheduler", () => {
      const toScheduler = stack
        .resources(INGRESS)
        .filter(({ from_port, to_port }) => Number(from_port) <= 8787 && Number(to_port) >= 8786);
      expect(toScheduler.length).toBe(2 * cluster.network.adminSubnets.length + 1);
      for (const rule of toScheduler)
        expect([...cluster.network.adminSubnets, "a group"]).toContain(
          rule.cidr_ipv4 ?? (rule.referenced_security_group_id && "a group"),
        );
    });

    test("opens no port for SSH", () => {
      const reaches22 = ({ from_port, to_port }: Block) => Number(from_port) <= 22 && Number(to_port) >= 22;
      expect(stack.resources(INGRESS).filter(reaches22)).toEqual([]);
    });

    test("has an Auto Scaling group and a launch template for each pool of the definition", () => {
      const names = cluster.pools.map((pool) => `dask-${name}--${pool.name}`);
      for (const type of ["aws_autoscaling_group", "aws_launch_template"])
        expect(stack.resources(type).map((resource) => resource.name)).toEqual(names);
    });

    test("launches the instance types of the definition", () => {
      for (const pool of cluster.pools)
        expect(stack.resource("aws_autoscaling_group", `pools_${pool.name}`)).toMatchObject({
          mixed_instances_policy: {
            launch_template: { override: pool.instanceTypes.map((instance_type) => ({ instance_type })) },
          },
        });
    });

    test("contains no path of this computer", () => {
      expect(stack.text).not.toContain(process.cwd());
    });
  },
);

test("two environments in one app share no name, state or address", () => {
  const app = testApp();
  const [one, two] = [
    new Synthesized(new AwsStack(app, "development", { cluster: development })),
    new Synthesized(new AwsStack(app, "production", { cluster: production })),
  ];
  // Names of hooks are scoped to their group, names of policies to their role.
  const inside = (stack: Synthesized) =>
    ["aws_autoscaling_lifecycle_hook", "aws_iam_role_policy"].flatMap((type) => stack.resources(type));
  const names = (stack: Synthesized) => {
    const others = inside(stack);
    return stack.everyResource.flatMap((block) =>
      block.name && !others.includes(block) ? [block.name] : [],
    );
  };
  expect(names(one)).toEqual(
    expect.arrayContaining([
      "alias/dask-development",
      "/dask/development/authority",
      "/dask/development/flow-logs",
    ]),
  );
  expect(names(one).filter((name) => names(two).includes(name))).toEqual([]);
  expect(one.terraform.backend).not.toEqual(two.terraform.backend);
  expect(one.outputs.scheduler_address).not.toBe(two.outputs.scheduler_address);
});

test("passes its props on to the cluster", () => {
  const network = { vpcId: "vpc-7", privateSubnetIds: ["subnet-a", "subnet-b"] };
  const cluster = defineCluster({
    name: "research",
    network: { adminSubnets: ["10.0.0.0/16"] },
    scheduler: { privateAddress: "10.60.1.10" },
  });
  const stack = new Synthesized(
    new AwsStack(testApp(), "research", { cluster, network, waitForCapacityMinutes: 0 }),
  );
  expect(stack.counts).not.toHaveProperty("aws_vpc");
  expect(stack.resource("aws_autoscaling_group").wait_for_capacity_timeout).toBe("0m");
});

function synthesize(name: string, cluster: ResolvedCluster): Synthesized {
  return new Synthesized(new AwsStack(testApp(), name, { cluster }));
}
