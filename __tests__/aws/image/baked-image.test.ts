import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { amiContents } from "../../../lib/aws/image/baked-image";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { schedulerNode } from "../../node/specs";
import { type Block, Synthesized } from "../../support/synthesized";
import { policiesOf, readArn, sessionManager } from "../policies";

const UBUNTU = "ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id";
const DEEP_LEARNING =
  "ssm:/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id";

const NAME = expect.stringMatching(/^dask-test--[0-9a-f]{12}$/);
const DESCRIPTION = "nodes of the Dask cluster test, release 2026.7";
const REPLACED = { create_before_destroy: true };

test("a cluster bakes no image without bakedImages", () => {
  const { counts } = synthesize({ bakedImages: false });
  expect(Object.keys(counts).filter((type) => type.startsWith("aws_imagebuilder_"))).toEqual([]);
});

describe("the image of a cluster", () => {
  const cluster = define();
  const stack = synthesize();
  const ID = amiContents(cluster, schedulerNode(cluster), 50).digest;
  const KEY = expect.stringMatching(/^\$\{aws_kms_key\.dask_key_\w+\.arn\}$/);

  test("is built from Ubuntu, with an encrypted disk of the size of the smallest disk that uses it", () => {
    const { component, ...recipe } = stack.resource("aws_imagebuilder_image_recipe");
    expect(recipe).toEqual({
      name: NAME,
      description: DESCRIPTION,
      version: "1.0.0",
      parent_image: UBUNTU,
      block_device_mapping: [
        {
          device_name: "/dev/sda1",
          ebs: {
            volume_type: "gp3",
            volume_size: 50,
            encrypted: "true",
            kms_key_id: KEY,
            delete_on_termination: "true",
          },
        },
      ],
      lifecycle: REPLACED,
    });
    expect(component).toEqual([
      {
        component_arn: expect.stringMatching(
          new RegExp(`^\\$\\{aws_imagebuilder_component\\.dask_images_${ID}_component_\\w+\\.arn\\}$`),
        ),
      },
    ]);
    const { data, ...rest } = stack.resource("aws_imagebuilder_component");
    expect(rest).toEqual({
      name: NAME,
      description: DESCRIPTION,
      version: "1.0.0",
      platform: "Linux",
      kms_key_id: KEY,
      lifecycle: REPLACED,
    });
    expect(data).toContain('schemaVersion: "1.0"');
  });

  test("is built in a private subnet, on an instance without ingress rules and with IMDSv2", () => {
    expect(stack.resource("aws_imagebuilder_infrastructure_configuration")).toEqual({
      name: NAME,
      description: DESCRIPTION,
      instance_types: ["m7i.large"],
      instance_profile_name: expect.stringMatching(
        /^\$\{aws_iam_instance_profile\.dask_images_builder_role_\S+\.name\}$/,
      ),
      subnet_id: expect.stringContaining("us-west-2a_private-subnet"),
      security_group_ids: [
        expect.stringMatching(/^\$\{aws_security_group\.dask_images_builder_group_\w+\.id\}$/),
      ],
      instance_metadata_options: { http_tokens: "required", http_put_response_hop_limit: 1 },
      terminate_instance_on_failure: true,
      resource_tags: { "dask:cluster": "test" },
      lifecycle: REPLACED,
    });
    expect(stack.resource("aws_security_group", "builder")).toEqual({
      name: "dask-test--image-builder",
      description: "builders of images of the Dask cluster test",
      vpc_id: expect.stringContaining("aws_vpc."),
      tags: { Name: "dask-test--image-builder" },
    });
    const ofBuilders = ({ security_group_id }: Block) => String(security_group_id).includes("images_builder");
    expect(stack.resources("aws_vpc_security_group_ingress_rule").filter(ofBuilders)).toEqual([]);
    expect(
      stack
        .resources("aws_vpc_security_group_egress_rule")
        .filter(ofBuilders)
        .map(({ cidr_ipv4, from_port, to_port }) => [cidr_ipv4, from_port, to_port]),
    ).toEqual([
      ["0.0.0.0/0", 80, 80],
      ["0.0.0.0/0", 443, 443],
    ]);
  });

  test("is built under a dedicated role, with the policies that Image Builder requires", () => {
    expect(stack.resource("aws_iam_role", "builder")).toMatchObject({
      name: "dask-test--builder--us-west-2",
      description: "instances that build AMIs of the Dask cluster test",
    });
    expect(policiesOf(stack, "dask_images_builder_role")).toEqual({
      "read-bundles": {
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Action: "s3:GetObject", Resource: "BUCKET/bundles/*" },
          {
            Effect: "Allow",
            Action: "kms:Decrypt",
            Resource: "KEY",
            Condition: {
              StringEquals: {
                "kms:ViaService": "s3.us-west-2.SUFFIX",
                "kms:EncryptionContext:aws:s3:arn": "BUCKET",
              },
            },
          },
        ],
      },
      "session-manager": sessionManager("us-west-2"),
    });
    const role = expect.stringMatching(/^\$\{aws_iam_role\.dask_images_builder_role_\w+\.name\}$/);
    expect(
      stack
        .resources("aws_iam_role_policy_attachment")
        .map(({ role, policy_arn }) => ({ role, policy: readArn(policy_arn) })),
    ).toEqual([
      { role, policy: "arn:PARTITION:iam::aws:policy/AmazonSSMManagedInstanceCore" },
      { role, policy: "arn:PARTITION:iam::aws:policy/EC2InstanceProfileForImageBuilder" },
    ]);
  });

  test("encrypts the log of its build, whose name Image Builder chooses", () => {
    const { name } = stack.resource("aws_imagebuilder_image_recipe");
    expect(stack.resource("aws_cloudwatch_log_group", `images_${ID}`)).toEqual({
      name: `/aws/imagebuilder/${name}`,
      kms_key_id: KEY,
      retention_in_days: 365,
    });
  });

  test("is distributed only to its region and account, with tags of cluster, release and image digest", () => {
    expect(stack.resource("aws_imagebuilder_distribution_configuration")).toEqual({
      name: NAME,
      description: DESCRIPTION,
      distribution: [
        {
          region: "us-west-2",
          ami_distribution_configuration: {
            name: expect.stringMatching(/^dask-test--[0-9a-f]{12}-\{\{ imagebuilder:buildDate \}\}$/),
            description: DESCRIPTION,
            kms_key_id: KEY,
            ami_tags: {
              "dask:cluster": "test",
              "dask:release": "2026.7",
              "dask:bake-key": schedulerNode(cluster).imageContents.digest,
            },
          },
        },
      ],
      lifecycle: REPLACED,
    });
  });

  test("is built by a deployment, within two hours, after network, log and role of the builder exist", () => {
    const { depends_on, ...image } = stack.resource("aws_imagebuilder_image");
    expect(image).toEqual({
      image_recipe_arn: reference("aws_imagebuilder_image_recipe"),
      infrastructure_configuration_arn: reference("aws_imagebuilder_infrastructure_configuration"),
      distribution_configuration_arn: reference("aws_imagebuilder_distribution_configuration"),
      image_tests_configuration: { image_tests_enabled: false },
      enhanced_image_metadata_enabled: false,
      timeouts: { create: "120m" },
      lifecycle: REPLACED,
    });
    expect(depends_on).toEqual([
      expect.stringMatching(/^aws_ec2_subnet_cidr_reservation\./),
      expect.stringMatching(/^aws_route_table_association\.\S+us-west-2a_private/),
      expect.stringMatching(/^aws_route\.\S+us-west-2a_to-nat/),
      expect.stringMatching(/^aws_route_table_association\.\S+us-west-2b_private/),
      expect.stringMatching(/^aws_route\.\S+us-west-2b_to-nat/),
      expect.stringMatching(/^aws_vpc_endpoint\.\S+_s3_/),
      expect.stringMatching(/^aws_vpc_security_group_egress_rule\.dask_images_builder_\S+_http_/),
      expect.stringMatching(/^aws_vpc_security_group_egress_rule\.dask_images_builder_\S+_https_/),
      expect.stringMatching(new RegExp(`^aws_cloudwatch_log_group\\.dask_images_${ID}_logs_`)),
      expect.stringMatching(new RegExp(`^aws_s3_object\\.dask_images_${ID}_bundle_`)),
      expect.stringMatching(/^aws_iam_role_policy\.dask_images_builder_role_session-manager_/),
      expect.stringMatching(/^aws_iam_role_policy\.dask_images_builder_role_read-bundles_/),
      ...["EC2InstanceProfileForImageBuilder", "AmazonSSMManagedInstanceCore"].map((name) =>
        expect.stringMatching(
          new RegExp(`^aws_iam_role_policy_attachment\\.dask_images_builder_role_${name}_`),
        ),
      ),
    ]);
  });

  test("has a pipeline without a schedule", () => {
    expect(stack.resource("aws_imagebuilder_image_pipeline")).toEqual({
      name: NAME,
      description: DESCRIPTION,
      image_recipe_arn: reference("aws_imagebuilder_image_recipe"),
      infrastructure_configuration_arn: reference("aws_imagebuilder_infrastructure_configuration"),
      distribution_configuration_arn: reference("aws_imagebuilder_distribution_configuration"),
      image_tests_configuration: { image_tests_enabled: false },
      enhanced_image_metadata_enabled: false,
      lifecycle: REPLACED,
    });
  });

  test("is the AMI of scheduler and pool, and a new image replaces the scheduler", () => {
    const ami = amiOf(ID);
    expect(stack.resource("aws_launch_template").image_id).toEqual(ami);
    expect(stack.resource("aws_instance").ami).toEqual(ami);
    expect(stack.resource("null_resource", "image")).toEqual({ triggers: { image: ami } });
    expect(stack.dataSources("aws_ssm_parameter")).toEqual([]);
  });
});

describe("nodes share an image", () => {
  /** Nodes grouped by image, and the number of images that are built. */
  const images = (definition: Partial<ClusterDefinition>) => {
    const stack = synthesize(definition);
    const amis = [
      ["scheduler", stack.resource("aws_instance").ami],
      ...stack
        .resources("aws_launch_template")
        .map(({ name, image_id }) => [String(name).replace("dask-test--", ""), image_id]),
    ] as const;
    const different = [...new Set(amis.map(([, ami]) => ami))];
    return {
      built: stack.counts.aws_imagebuilder_image,
      shared: different.map((one) => amis.filter(([, ami]) => ami === one).map(([name]) => name)),
    };
  };

  test("if they install the same packages on the same base image", () => {
    expect(
      images({
        pools: [
          { name: "small", kind: "cpu", processes: 2 },
          { name: "large", kind: "cpu", instanceTypes: ["m7i.8xlarge"], memoryLimit: "8GiB" },
        ],
      }),
    ).toEqual({ built: 1, shared: [["scheduler", "large", "small"]] });
  });

  test("but not CPU and GPU nodes, different base images, or nodes with and without instance store", () => {
    expect(
      images({
        pools: [
          { name: "cpu", kind: "cpu" },
          { name: "striped", kind: "cpu", instanceTypes: ["m6id.2xlarge"] },
          { name: "pinned", kind: "cpu", image: { amiId: "ami-0123456789abcdef0" } },
          { name: "gpu", kind: "gpu" },
          { name: "more-gpus", kind: "gpu", instanceTypes: ["g6.12xlarge"] },
        ],
      }),
    ).toEqual({ built: 4, shared: [["scheduler", "cpu"], ["gpu", "more-gpus"], ["pinned"], ["striped"]] });
  });

  test("but not nodes for different architectures, which are built on their own instance types", () => {
    const pools = [
      { name: "arm", kind: "cpu", instanceTypes: ["m8g.large", "m7g.large"] },
      { name: "x86", kind: "cpu", instanceTypes: ["m7i.2xlarge"] },
    ] as const;
    const scheduler = { instanceType: "t4g.medium" };
    expect(images({ scheduler, pools })).toEqual({ built: 2, shared: [["scheduler", "arm"], ["x86"]] });
    const stack = synthesize({ scheduler, pools });
    const names = ["t4g.medium", "m7i.2xlarge"].map(
      (type) =>
        stack
          .resources("aws_imagebuilder_infrastructure_configuration")
          .find(({ instance_types }) => String(instance_types) === type)?.name,
    );
    expect(
      names.map(
        (name) =>
          stack.resources("aws_imagebuilder_image_recipe").find((recipe) => recipe.name === name)
            ?.parent_image,
      ),
    ).toEqual([UBUNTU.replace("amd64", "arm64"), UBUNTU]);
  });

  test("nor, with TLS, the scheduler with workers: only the scheduler has the reverse proxy", () => {
    expect(images({ tls: true, pools: [{ name: "cpu", kind: "cpu" }] })).toEqual({
      built: 2,
      shared: [["scheduler"], ["cpu"]],
    });
  });

  test("that is built on an instance with a GPU if the nodes have one", () => {
    const stack = synthesize({ pools: [{ name: "gpu", kind: "gpu", diskGiB: 120 }] });
    expect(
      stack
        .resources("aws_imagebuilder_infrastructure_configuration")
        .map(({ instance_types }) => instance_types),
    ).toEqual(expect.arrayContaining([["m7i.large"], ["g6.xlarge", "g5.xlarge"]]));
    expect(stack.resources("aws_imagebuilder_image_recipe")).toContainEqual(
      expect.objectContaining({
        parent_image: DEEP_LEARNING,
        block_device_mapping: [
          { device_name: "/dev/sda1", ebs: expect.objectContaining({ volume_size: 120 }) },
        ],
      }),
    );
  });
});

test("a pool with maxSize 0 gets no baked image and uses the base image", () => {
  const pools = [
    { name: "cpu", kind: "cpu" },
    { name: "gpu", kind: "gpu", maxSize: 0 },
  ] as const;
  const stack = synthesize({ pools });
  expect(stack.counts.aws_imagebuilder_image).toBe(1);
  expect(stack.resource("aws_launch_template", "gpu").image_id).toBe(`resolve:${DEEP_LEARNING}`);
  expect(stack.resource("aws_launch_template", "cpu").image_id).toContain("aws_imagebuilder_image.");
});

describe("an image is identified by its contents", () => {
  const SMALL = { name: "small", kind: "cpu" } as const;
  const LARGE = { name: "large", kind: "cpu", instanceTypes: ["m7i.8xlarge"] } as const;
  const resources = (pools: ClusterDefinition["pools"]) => {
    const stack = synthesize({ tls: true, ...(pools && { pools }) });
    const types = Object.keys(stack.counts).filter((type) => type.startsWith("aws_imagebuilder_"));
    return Object.fromEntries(
      types.flatMap((type) =>
        stack.names(type).map((name) => [`${type}.${name}`, stack.resource(type, name)]),
      ),
    );
  };

  test("so that it does not change with the order of the pools", () => {
    expect(resources([LARGE, SMALL])).toEqual(resources([SMALL, LARGE]));
  });

  test.each([
    ["first", [SMALL, LARGE], [LARGE]],
    ["last", [SMALL, LARGE], [SMALL]],
  ])("so that it keeps its addresses without the %s pool that uses it", (_, before, after) => {
    expect(Object.keys(resources(after))).toEqual(Object.keys(resources(before)));
  });
});

test.each([
  ["release", { release: "2024.7" }],
  ["base image", { scheduler: { image: { amiId: "ami-0123456789abcdef0" } } }],
  ["disk", { scheduler: { diskGiB: 40 } }],
] as const)("with another %s, all resources of the image have other names", (_, change) => {
  const names = (stack: Synthesized) =>
    [
      ...stack.resources("aws_imagebuilder_component"),
      ...["image_recipe", "infrastructure_configuration", "distribution_configuration", "image_pipeline"].map(
        (type) => stack.resource(`aws_imagebuilder_${type}`),
      ),
    ].map(({ name }) => name);
  const before = names(synthesize({ pools: [] }));
  expect(names(synthesize({ pools: [], ...change })).filter((name) => before.includes(name))).toEqual([]);
});

test("the name of the role has at most 64 characters for the longest cluster name", () => {
  const stack = synthesize({ name: "a".repeat(32), region: "ap-southeast-2", pools: [] });
  expect(String(stack.resource("aws_iam_role", "builder").name).length).toBeLessThanOrEqual(64);
});

function define(definition: Partial<ClusterDefinition> = {}) {
  return defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"] },
    bakedImages: true,
    // Scheduler and workers install the same.
    tls: false,
    monitoring: false,
    ...definition,
  });
}

function synthesize(definition: Partial<ClusterDefinition> = {}): Synthesized {
  return Synthesized.of((scope) => new DaskCluster(scope, "dask", { cluster: define(definition) }));
}

function reference(type: string) {
  return expect.stringMatching(new RegExp(`^\\$\\{${type}\\.dask_images_[0-9a-f]{12}_\\S+\\.arn\\}$`));
}

/** Reference to the AMI of the image with this id. */
function amiOf(id: string) {
  return expect.stringMatching(
    new RegExp(
      `^\\$\\{tolist\\(aws_imagebuilder_image\\.dask_images_${id}_\\w+\\.output_resources\\[0\\]\\.amis\\)\\.0\\.image\\}$`,
    ),
  );
}
