import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition, SchedulerDefinition } from "../../../lib/config/definition";
import { userData } from "../../../lib/node/user-data";
import { schedulerNode } from "../../node/specs";
import { Synthesized } from "../../support/synthesized";

const TAGS = {
  owner: "data",
  "dask:cluster": "test",
  "dask:role": "scheduler",
  Name: "dask-test--scheduler",
};

describe("the instance of the scheduler", () => {
  const { instance } = synthesize({ instanceType: "r7i.xlarge", diskGiB: 80 });

  test("has the instance type of the definition, and a fixed address in the private subnet of its zone", () => {
    expect(instance).toMatchObject({
      instance_type: "r7i.xlarge",
      private_ip: "10.20.0.10",
      subnet_id: expect.stringContaining("us-west-2a_private-subnet"),
      associate_public_ip_address: false,
      vpc_security_group_ids: [expect.stringContaining("security_scheduler")],
      iam_instance_profile: expect.stringContaining("instance-profile"),
      monitoring: true,
    });
  });

  test("leaves EBS optimization to the instance type: EC2 rejects it for types without", () => {
    expect(instance).not.toHaveProperty("ebs_optimized");
  });

  test("requires IMDSv2, with a hop limit of 1", () => {
    expect(instance.metadata_options).toEqual({
      http_endpoint: "enabled",
      http_tokens: "required",
      http_put_response_hop_limit: 1,
    });
  });

  test("has one encrypted disk, tagged like the instance", () => {
    expect(instance.root_block_device).toEqual({
      volume_type: "gp3",
      volume_size: 80,
      encrypted: true,
      kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\.dask_key_\w+\.arn\}$/),
      delete_on_termination: true,
      tags: TAGS,
    });
    expect(instance.tags).toEqual(TAGS);
  });

  test("is replaced when its user data changes", () => {
    const { cluster } = synthesize({ instanceType: "r7i.xlarge", diskGiB: 80 });
    expect(instance.user_data_base64).toBe(userData(schedulerNode(cluster)));
    expect(instance.user_data_replace_on_change).toBe(true);
  });

  test("is created after internet connectivity, all security group rules and the policies of its role", () => {
    const { synthesized } = synthesize();
    const rules = [
      ...synthesized.resources("aws_vpc_security_group_ingress_rule"),
      ...synthesized.resources("aws_vpc_security_group_egress_rule"),
    ];
    const waits = instance.depends_on as readonly string[];
    expect(waits.filter((name) => name.startsWith("aws_vpc_security_group_"))).toHaveLength(rules.length);
    const policies = [
      "session-manager",
      "read-bundle",
      "tag-machines",
      "write-logs",
      "read-signal",
      "read-expectation",
      "secrets",
      "key-of-secrets",
      "scale-pools",
      "describe-pools",
      "status-page",
      "publish-alerts",
      "publish-heartbeat",
    ];
    expect(waits.filter((name) => name.startsWith("aws_iam_role_policy."))).toEqual(
      policies.map((name) =>
        expect.stringMatching(new RegExp(`^aws_iam_role_policy\\.dask_scheduler-role_${name}_`)),
      ),
    );
    expect(waits.filter((name) => name.startsWith("aws_route."))).toEqual([
      expect.stringContaining("us-west-2a_to-nat"),
      expect.stringContaining("us-west-2b_to-nat"),
    ]);
  });
});

describe("deletionProtection", () => {
  test("protects the scheduler from termination by Terraform and by the EC2 API", () => {
    const { instance } = synthesize({}, { deletionProtection: true });
    expect(instance.disable_api_termination).toBe(true);
    expect(instance.lifecycle).toMatchObject({ prevent_destroy: true });
  });

  test("is off by default", () => {
    const { instance } = synthesize();
    expect(instance.disable_api_termination).toBe(false);
    expect(instance.lifecycle).not.toHaveProperty("prevent_destroy");
  });
});

test("the scheduler has a key pair only if the definition has ssh", () => {
  expect(synthesize({}, { ssh: { keyName: "ops" } }).instance.key_name).toBe("ops");
  expect(synthesize().instance).not.toHaveProperty("key_name");
});

describe("the image of the scheduler", () => {
  test.each([
    ["ubuntu", "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"],
    [{ ssmParameter: "/images/dask" }, "/images/dask"],
  ] as const)("%j is the AMI in its parameter when the instance is created", (image, name) => {
    const { instance, synthesized } = synthesize({ image });
    expect(synthesized.data("aws_ssm_parameter")).toEqual({ name });
    expect(instance.ami).toMatch(/^\$\{data\.aws_ssm_parameter\.\S+\.insecure_value\}$/);
    expect(synthesized.resource("null_resource", "image")).toEqual({
      triggers: { image: `resolve:ssm:${name}` },
    });
  });

  test("of Ubuntu is that for the architecture of the instance type", () => {
    const { instance, synthesized } = synthesize({ instanceType: "m7g.large" });
    const name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id";
    expect(instance.instance_type).toBe("m7g.large");
    expect(synthesized.data("aws_ssm_parameter")).toEqual({ name });
    expect(synthesized.resource("null_resource", "image")).toEqual({
      triggers: { image: `resolve:ssm:${name}` },
    });
  });

  test("with an id is that AMI", () => {
    const { instance, synthesized } = synthesize({ image: { amiId: "ami-0123456789abcdef0" } });
    expect(instance.ami).toBe("ami-0123456789abcdef0");
    expect(synthesized.dataSources("aws_ssm_parameter")).toEqual([]);
    expect(synthesized.resource("null_resource", "image")).toEqual({
      triggers: { image: "ami-0123456789abcdef0" },
    });
  });

  test("replaces the instance when the definition changes it, not when a new AMI is published", () => {
    expect(synthesize().instance.lifecycle).toEqual({
      ignore_changes: ["ami", 'tags["dask:state"]'],
      replace_triggered_by: [expect.stringMatching(/^null_resource\.dask_scheduler_image_/)],
    });
  });
});

test("a new instance is a new generation", () => {
  expect(synthesize().synthesized.resource("null_resource", "generation")).toEqual({
    triggers: { instance: expect.stringMatching(/^\$\{aws_instance\.dask_scheduler_\w+\.id\}$/) },
  });
});

test("the private zone has a record with the address of the scheduler", () => {
  const { synthesized } = synthesize();
  expect(synthesized.resource("aws_route53_zone")).toEqual({
    name: "test.internal",
    comment: "DNS names of the Dask cluster test",
    vpc: [{ vpc_id: expect.stringContaining("aws_vpc.") }],
    tags: { Name: "dask-test--internal" },
    lifecycle: expect.anything(),
  });
  expect(synthesized.resource("aws_route53_record")).toEqual({
    zone_id: expect.stringContaining("aws_route53_zone."),
    name: "scheduler.test.internal",
    type: "A",
    ttl: 300,
    records: [expect.stringMatching(/^\$\{aws_instance\.dask_scheduler_\w+\.private_ip\}$/)],
  });
});

test("the private zone ignores VPCs that are associated by other means, and is replaced with the VPC", () => {
  const { synthesized } = synthesize();
  expect(synthesized.resource("aws_route53_zone").lifecycle).toEqual({
    ignore_changes: ["vpc"],
    replace_triggered_by: [expect.stringMatching(/^null_resource\.dask_zone_vpc_\w+$/)],
  });
  expect(synthesized.resource("null_resource", "dask_zone_vpc")).toEqual({
    triggers: { vpc: expect.stringMatching(/^\$\{aws_vpc\.dask_network_\w+\.id\}$/) },
  });
});

function synthesize(scheduler: SchedulerDefinition = {}, definition: Partial<ClusterDefinition> = {}) {
  const cluster = defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"] },
    scheduler,
    tags: { owner: "data" },
    ...definition,
  });
  const synthesized = Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster }));
  return { cluster, synthesized, instance: synthesized.resource("aws_instance") };
}
