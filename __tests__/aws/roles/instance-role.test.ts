import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { DaskCluster, type DaskClusterProps } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { type Block, Synthesized } from "../../support/synthesized";
import { allowing, policiesOf } from "../policies";

const READ = { Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*" };
const LIST = { Action: "s3:ListBucket", Resource: "arn:aws:s3:::data" };
const DEFINITION: ClusterDefinition = {
  name: "test",
  network: { adminSubnets: ["10.0.0.0/16"] },
  pools: [
    { name: "cpu", kind: "cpu" },
    { name: "gpu", kind: "gpu" },
  ],
};
const CLUSTER = defineCluster(DEFINITION);
const BOUNDARY = "arn:aws:iam::123456789012:policy/boundary";

describe("addToPolicy", () => {
  const stack = synthesize(({ scheduler, pools }) => {
    pools.cpu?.role.addToPolicy(READ);
    pools.cpu?.role.addToPolicy(LIST, { Effect: "Deny", Action: "s3:DeleteObject", Resource: "*" });
    scheduler.role.addToPolicy();
  });

  test("adds all statements in one policy of the role", () => {
    expect(policiesOf(stack, "dask_pool-roles_cpu").added).toEqual(
      allowing(READ, LIST, { Effect: "Deny", Action: "s3:DeleteObject", Resource: "*" }),
    );
  });

  test("adds no policy to other roles, nor without statements", () => {
    expect(stack.names("aws_iam_role_policy").filter((name) => name.includes("_added_"))).toHaveLength(1);
  });

  test("precedes the pool", () => {
    expect(waitsOf(stack.resource("aws_autoscaling_group", "pools_cpu"), "_added_")).toHaveLength(1);
    expect(waitsOf(stack.resource("aws_autoscaling_group", "pools_gpu"), "_added_")).toEqual([]);
  });
});

describe("addManagedPolicy", () => {
  const aws = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  const stack = Synthesized.of((scope) => {
    const { role } = new DaskCluster(scope, "dask", { cluster: CLUSTER }).scheduler;
    const own = new IamPolicy(scope, "read-data", { policy: "{}" });
    for (const arn of [aws, own.arn, aws]) role.addManagedPolicy(arn);
  });

  test("attaches each policy once, at an address that names it", () => {
    const attachments = stack.names("aws_iam_role_policy_attachment");
    expect(attachments.map((name) => name.replace(/_[0-9A-F]{8}$/, ""))).toEqual([
      "dask_scheduler-role_managed-policies_aws-policy-AmazonS3ReadOnlyAccess",
      "dask_scheduler-role_managed-policies_aws_iam_policy-read-data-arn",
    ]);
    expect(stack.resources("aws_iam_role_policy_attachment").map(({ policy_arn }) => policy_arn)).toEqual([
      aws,
      "${aws_iam_policy.read-data.arn}",
    ]);
  });

  test("precedes the scheduler", () => {
    expect(waitsOf(stack.resource("aws_instance"), "aws_iam_role_policy_attachment.")).toHaveLength(2);
  });
});

test("the policies of the image builder precede the image", () => {
  const stack = synthesize((dask) => dask.images?.builder.role.addToPolicy(READ), {
    cluster: defineCluster({ ...DEFINITION, bakedImages: true }),
  });
  // Images of the scheduler, of CPU workers and of GPU workers.
  const images = stack.resources("aws_imagebuilder_image");
  expect(images.map((image) => waitsOf(image, "images_builder_role").length)).toEqual([5, 5, 5]);
});

test("a role can be the principal of other policies", () => {
  const stack = synthesize(({ pools, scheduler }) => {
    expect(pools.cpu?.role.grantPrincipal).toEqual({ AWS: pools.cpu?.role.arn });
    expect(scheduler.role.roleName).not.toBe(pools.cpu?.role.roleName);
  });
  expect(stack.resource("aws_iam_role", "pool-roles_cpu").name).toBe("dask-test--pool-cpu--us-west-2");
});

describe("permissionsBoundary", () => {
  const roles = (stack: Synthesized) =>
    stack.resources("aws_iam_role").map((role) => [role.name, role.permissions_boundary]);

  test("of a cluster bounds each of its roles", () => {
    const stack = synthesize(() => {}, {
      cluster: defineCluster({ ...DEFINITION, bakedImages: true }),
      permissionsBoundary: BOUNDARY,
    });
    expect(Object.fromEntries(roles(stack))).toEqual({
      "dask-test--flow-logs--us-west-2": BOUNDARY,
      "dask-test--builder--us-west-2": BOUNDARY,
      "dask-test--scheduler--us-west-2": BOUNDARY,
      "dask-test--pool-cpu--us-west-2": BOUNDARY,
      "dask-test--pool-gpu--us-west-2": BOUNDARY,
    });
  });

  test("of a role bounds that role", () => {
    const stack = synthesize(({ pools: { cpu } }) => {
      if (cpu === undefined) throw new Error("the cluster has no pool cpu");
      expect(cpu.role.permissionsBoundary).toBeUndefined();
      cpu.role.permissionsBoundary = BOUNDARY;
      expect(cpu.role.permissionsBoundary).toBe(BOUNDARY);
    });
    expect(roles(stack).filter(([, boundary]) => boundary !== undefined)).toEqual([
      ["dask-test--pool-cpu--us-west-2", BOUNDARY],
    ]);
  });
});

/** Addresses with the text that a resource depends on. */
function waitsOf({ depends_on }: Block, text: string): readonly string[] {
  return (depends_on as readonly string[]).filter((address) => address.includes(text));
}

function synthesize(change: (dask: DaskCluster) => void, props: Partial<DaskClusterProps> = {}): Synthesized {
  return Synthesized.of((scope) => change(new DaskCluster(scope, "dask", { cluster: CLUSTER, ...props })));
}
