import { TerraformOutput } from "cdktf";
import { AwsStack } from "../../lib/aws/aws-stack";
import { DaskCluster, type DaskClusterProps } from "../../lib/aws/dask-cluster";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import { Synthesized, testApp } from "../support/synthesized";

test("a cluster exposes its addresses, and its pools by name", () => {
  const { dask } = build();
  expect(dask.schedulerAddress).toBe("tls://scheduler.test.internal:8786");
  expect(dask.dashboardUrl).toBe("https://scheduler.test.internal:8787/status");
  expect(Object.keys(dask.pools)).toEqual(["small", "large"]);
  expect(dask.pools.large?.pool.instanceTypes).toEqual(["m7i.8xlarge"]);
});

test("a cluster with UCX has an address with ucx://", () => {
  const { dask } = build({
    tls: false,
    scheduler: { instanceType: "g6.xlarge" },
    pools: [{ name: "gpu", kind: "gpu", ucx: true }],
  });
  expect(dask.schedulerAddress).toBe("ucx://scheduler.test.internal:8786");
  expect(dask.dashboardUrl).toBe("http://localhost:8787/status");
});

test("a cluster exposes its VPC, hosted zone and private route tables", () => {
  const { outputs } = Synthesized.of((scope) => {
    const dask = new DaskCluster(scope, "dask", { cluster: define({}) });
    const { vpcId, hostedZoneId, privateRouteTableIds } = dask;
    for (const [name, value] of Object.entries({ vpcId, hostedZoneId, privateRouteTableIds }))
      new TerraformOutput(scope, name, { value, staticId: true });
  });
  expect(outputs).toEqual({
    vpcId: expect.stringMatching(/^\$\{aws_vpc\.dask_network_\w+\.id\}$/),
    hostedZoneId: expect.stringMatching(/^\$\{aws_route53_zone\.dask_zone_\w+\.zone_id\}$/),
    privateRouteTableIds: ["us-west-2a", "us-west-2b"].map((zone) =>
      expect.stringMatching(`^\\$\\{aws_route_table\\.dask_network_${zone}_private-routes_\\w+\\.id\\}$`),
    ),
  });
});

describe("a cluster in a stack of the user", () => {
  test("has the values of all outputs of AwsStack, and commands of the AWS CLI for those of dask-cluster", () => {
    const cluster = define({ bakedImages: true });
    const own = Synthesized.of((scope) => {
      const { commands, ...dask } = new DaskCluster(scope, "cluster", { cluster });
      const output = (name: string, value: unknown) =>
        new TerraformOutput(scope, name, { value, staticId: true });
      output("tunnel_scheduler", commands.tunnelScheduler);
      output("tunnel_dashboard", commands.tunnelDashboard);
      output("connect", commands.connect);
      output("client_bundle", commands.clientBundle);
      output("dashboard_password", commands.dashboardPassword);
      output("node_states", commands.nodeStates);
      output("smoke_test", commands.smokeTest);
      output("boot_log_scheduler", commands.bootLogOfScheduler);
      output("logs", commands.logsOfNodes);
      output("logs_scheduler", commands.logsOfScheduler);
      output("rotate_dashboard_password", commands.rotateDashboardPassword);
      output("renew_certificates", commands.renewCertificates);
      for (const [pool, { scale, logs }] of Object.entries(commands.pools)) {
        output(`scale_${pool}`, scale);
        output(`logs_${pool}`, logs);
      }
      output("scheduler_address", dask.schedulerAddress);
      output("dashboard_link", dask.dashboardUrl);
      output("monitoring_link", dask.monitoringUrl);
      output("alert_topic", dask.alerts?.arn);
      output("vpc_id", dask.vpcId);
      output("hosted_zone_id", dask.hostedZoneId);
      output("private_route_table_ids", dask.network.privateRouteTableIds);
    });
    const { outputs } = new Synthesized(new AwsStack(testApp(), "test", { cluster }));
    expect(Object.keys(own.outputs).sort()).toEqual(Object.keys(outputs).sort());
    const values = Object.entries(outputs).filter(([, value]) => !String(value).startsWith("dask-cluster "));
    expect(values.map(([name]) => name).sort()).toEqual([
      "alert_topic",
      "client_bundle",
      "connect",
      "dashboard_link",
      "hosted_zone_id",
      "logs",
      "monitoring_link",
      "private_route_table_ids",
      "scheduler_address",
      "vpc_id",
    ]);
    expect(own.outputs).toMatchObject(Object.fromEntries(values));
  });

  test("has its key, secrets, images and logs", () => {
    const { dask } = build({ bakedImages: true });
    expect(dask.key.node.path).toBe("test/dask/key");
    expect(Object.keys(dask.secrets?.arns ?? {})).toEqual(["authority", "worker", "client", "dashboard"]);
    expect(dask.images?.node.path).toBe("test/dask/images");
    expect(dask.flowLogs?.node.path).toBe("test/dask/flow-logs");
    expect(dask.logs.node.path).toBe("test/dask/logs");
  });

  test("has no secrets and no commands for them without TLS, and no images without bakedImages", () => {
    const { dask } = build({ tls: false });
    expect(dask.secrets).toBeUndefined();
    expect(dask.images).toBeUndefined();
    const { clientBundle, dashboardPassword, rotateDashboardPassword, renewCertificates } = dask.commands;
    expect([clientBundle, dashboardPassword, rotateDashboardPassword, renewCertificates]).toEqual(
      Array(4).fill(undefined),
    );
  });
});

describe("a cluster in an existing VPC", () => {
  const network = { vpcId: "vpc-7", privateSubnetIds: ["subnet-a", "subnet-b"] };
  const scheduler = { privateAddress: "10.60.1.10" };

  test("creates no network", () => {
    const { counts } = build({ scheduler }, { network }).synthesized;
    for (const type of ["aws_vpc", "aws_subnet", "aws_nat_gateway", "aws_internet_gateway", "aws_route"])
      expect(counts).not.toHaveProperty(type);
  });

  test("exposes the VPC, but no route tables, and reserves no address for the scheduler", () => {
    const { dask, synthesized } = build({ scheduler }, { network });
    expect(dask.vpcId).toBe("vpc-7");
    expect(dask.privateRouteTableIds).toBeUndefined();
    expect(synthesized.counts).not.toHaveProperty("aws_ec2_subnet_cidr_reservation");
  });

  test("creates instances, security groups and the hosted zone in it", () => {
    const { synthesized } = build({ scheduler }, { network });
    expect(synthesized.resource("aws_instance")).toMatchObject({
      subnet_id: "subnet-a",
      private_ip: "10.60.1.10",
    });
    expect(synthesized.resource("aws_autoscaling_group", "large").vpc_zone_identifier).toEqual([
      "subnet-a",
      "subnet-b",
    ]);
    expect(synthesized.resource("aws_security_group", "workers").vpc_id).toBe("vpc-7");
    expect(synthesized.resource("aws_route53_zone").vpc).toEqual([{ vpc_id: "vpc-7" }]);
  });

  test.each([[[]], [["subnet-a"]], [["subnet-a", "subnet-b", "subnet-c"]]])(
    "is rejected with the private subnets %j",
    (privateSubnetIds) => {
      expect(() => build({ scheduler }, { network: { vpcId: "vpc-7", privateSubnetIds } })).toThrow(
        `network.privateSubnetIds: got ${JSON.stringify(privateSubnetIds)}, expected 2, one per zone of the definition. Hint: name the private subnets in the order of network.zones`,
      );
    },
  );
});

test("two clusters in one stack share no name", () => {
  const synthesized = Synthesized.of((scope) => {
    for (const name of ["one", "two"]) new DaskCluster(scope, name, { cluster: define({ name }) });
  });
  for (const type of ["aws_autoscaling_group", "aws_launch_template", "aws_iam_role", "aws_security_group"]) {
    const names = synthesized.resources(type).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(1);
  }
});

function define(definition: Partial<ClusterDefinition>) {
  return defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"] },
    pools: [
      { name: "small", kind: "cpu" },
      { name: "large", kind: "cpu", instanceTypes: ["m7i.8xlarge"] },
    ],
    ...definition,
  });
}

function build(definition: Partial<ClusterDefinition> = {}, options: Omit<DaskClusterProps, "cluster"> = {}) {
  const built: DaskCluster[] = [];
  const synthesized = Synthesized.of((scope) => {
    built.push(new DaskCluster(scope, "dask", { ...options, cluster: define(definition) }));
  });
  const [dask] = built;
  if (dask === undefined) throw new Error("nothing was built");
  return { dask, synthesized };
}
