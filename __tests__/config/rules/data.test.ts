import { dataAccess, managedPolicies } from "../../../lib/config/data";
import { defineCluster } from "../../../lib/config/define";
import type { ClusterDefinition, PoolDefinition } from "../../../lib/config/definition";
import { dataWarnings, permissionsBoundaryOf } from "../../../lib/config/rules/data";
import { issuesIn, issuesOf } from "../issues-of";

const UUID = "12345678-1234-4234-9234-12345678abcd";
const KEY = `arn:aws:kms:eu-central-1:123456789012:key/${UUID}`;
const policies = (count: number, name = "p") =>
  Array.from({ length: count }, (_, index) => `arn:aws:iam::123456789012:policy/${name}${index}`);

test("each place, key and policy is listed once, and in read or in write", () => {
  const pool = { name: "p", kind: "cpu" as const, data: { write: ["s3://abc", "s3://abc/"] } };
  const managed = policies(1);
  expect(
    issuesOf(
      cluster({
        data: {
          read: ["s3://abc/a", "s3://abc/a/", "s3://abc/b"],
          write: ["s3://abc/b/"],
          kmsKeys: [KEY, KEY],
        },
        managedPolicies: [...managed, ...managed],
        pools: [pool],
      }),
    ),
  ).toEqual([
    once("data.read[1]", "s3://abc/a/"),
    {
      path: "data.read[2]",
      value: "s3://abc/b",
      expected: "a place that is not in data.write, which includes reading",
      hint: "remove it from data.read",
    },
    once("data.kmsKeys[1]", KEY),
    once("managedPolicies[1]", managed[0]),
    once("pools[0].data.write[1]", "s3://abc/"),
  ]);
});

test("a pool may name what the cluster names", () => {
  const data = { read: ["s3://abc/a"], kmsKeys: [KEY] };
  const managed = policies(1);
  const pool = {
    name: "p",
    kind: "cpu" as const,
    data: { ...data, write: ["s3://abc/b"] },
    managedPolicies: managed,
  };
  expect(issuesOf(cluster({ data, managedPolicies: managed, pools: [pool] }))).toEqual([]);
});

describe("ARNs of another partition", () => {
  const definition = (region: string) =>
    cluster({
      region,
      network: { adminSubnets: ["10.0.0.0/8"], zones: [`${region}a`] },
      data: { read: ["s3://abc"], kmsKeys: [KEY] },
      permissionsBoundary: "arn:aws-us-gov:iam::aws:policy/Boundary",
      pools: [{ name: "p", kind: "cpu", managedPolicies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"] }],
    });

  test("are rejected in China", () => {
    expect(issuesOf(definition("cn-north-1"))).toEqual([
      outside("data.kmsKeys[0]", KEY, "aws-cn", "cn-north-1"),
      outside(
        "pools[0].managedPolicies[0]",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "aws-cn",
        "cn-north-1",
      ),
      outside("permissionsBoundary", "arn:aws-us-gov:iam::aws:policy/Boundary", "aws-cn", "cn-north-1"),
    ]);
  });

  test("are rejected in GovCloud and elsewhere", () => {
    expect(issuesOf(definition("us-gov-west-1")).map(({ path }) => path)).toEqual([
      "data.kmsKeys[0]",
      "pools[0].managedPolicies[0]",
    ]);
    expect(issuesOf(definition("us-east-1")).map(({ path }) => path)).toEqual(["permissionsBoundary"]);
  });

  test("are not reported if the region is misspelt, which decides the partition", () => {
    const china = "arn:aws-cn:iam::aws:policy/ReadOnlyAccess";
    const pool = { name: "p", kind: "cpu" as const, managedPolicies: [china] };
    const rest = { managedPolicies: [china], permissionsBoundary: china, pools: [pool] };
    expect(issuesOf(cluster({ region: "cn-north", ...rest })).map(({ path }) => path)).toEqual(["region"]);
  });
});

describe("managed policies of a role", () => {
  const pool = (count: number): PoolDefinition => ({
    name: "p",
    kind: "cpu",
    managedPolicies: policies(count, "q"),
  });

  test("are at most 20, those of cluster and pool together", () => {
    expect(issuesOf(cluster({ managedPolicies: policies(11), pools: [pool(9)] }))).toEqual([]);
    expect(issuesOf(cluster({ managedPolicies: policies(11), pools: [pool(10)] }))).toEqual([
      {
        path: "pools[0].managedPolicies",
        value: "21 policies of cluster and pool",
        expected: "at most 20: IAM attaches no more to a role",
        hint: "join policies, or move statements into the code with addToPolicy",
      },
    ]);
    expect(issuesOf(cluster({ managedPolicies: policies(21) })).map(({ path }) => path)).toEqual([
      "managedPolicies",
    ]);
  });

  test("more than 10 result in a warning", () => {
    expect(dataWarnings(defineCluster(cluster({ managedPolicies: policies(10) })))).toEqual([]);
    expect(dataWarnings(defineCluster(cluster({ managedPolicies: policies(10), pools: [pool(1)] })))).toEqual(
      [
        'pools[0]: got 11 managed policies of cluster and pool; IAM attaches 10 to a role by default. Hint: raise the quota "Managed policies per role", or join policies',
      ],
    );
  });
});

test("keys without data result in a warning", () => {
  const pools: PoolDefinition[] = [
    { name: "a", kind: "cpu" },
    { name: "b", kind: "cpu", data: { read: ["s3://abc"] } },
  ];
  expect(dataWarnings(defineCluster(cluster({ data: { kmsKeys: [KEY] }, pools })))).toEqual([
    "pools[0]: got data.kmsKeys without data.read and data.write, so its tasks use no key. Hint: name the data, or remove the keys",
  ]);
});

describe("the permissions boundary", () => {
  const [one, other] = policies(2) as [string, string];
  const named = defineCluster(cluster({ permissionsBoundary: one }));

  test("is that of the definition or of the construct", () => {
    expect(permissionsBoundaryOf(named)).toBe(one);
    expect(permissionsBoundaryOf(named, one)).toBe(one);
    expect(permissionsBoundaryOf(defineCluster(cluster({})), other)).toBe(other);
    expect(permissionsBoundaryOf(defineCluster(cluster({})))).toBeUndefined();
  });

  test("is the same in both", () => {
    expect(issuesIn(() => permissionsBoundaryOf(named, other))).toEqual([
      {
        path: "permissionsBoundary",
        value: one,
        expected: `the permissionsBoundary of the construct, ${other}: one boundary applies to all roles`,
        hint: "remove one of them",
      },
    ]);
  });
});

describe("the access of a pool", () => {
  const access = (data: ClusterDefinition["data"], ofPool: ClusterDefinition["data"]) =>
    dataAccess({ ...(data && { data }) }, { ...(ofPool && { data: ofPool }) });
  const at = (bucket: string, prefix: string) => ({ bucket, prefix });

  test("is that of cluster and pool, in an order that does not depend on the definition", () => {
    expect(
      access(
        { read: ["s3://b/z", "s3://a/"], kmsKeys: ["k2"] },
        { read: ["s3://b/a/"], write: ["s3://c/w"], kmsKeys: ["k1", "k2"] },
      ),
    ).toEqual({
      read: [at("a", ""), at("b", "a"), at("b", "z")],
      write: [at("c", "w")],
      kmsKeys: ["k1", "k2"],
    });
  });

  test("leaves out what a larger place covers", () => {
    expect(
      access(
        { read: ["s3://b/a", "s3://b/a/", "s3://b/ab"] },
        { read: ["s3://b/a/c"], write: ["s3://b/ab"] },
      ),
    ).toEqual({
      read: [at("b", "a")],
      write: [at("b", "ab")],
      kmsKeys: [],
    });
    expect(access({ read: ["s3://b/a"], write: ["s3://b/a/c"] }, undefined)).toEqual({
      read: [at("b", "a")],
      write: [at("b", "a/c")],
      kmsKeys: [],
    });
    expect(access({ write: ["s3://b"] }, { read: ["s3://b/a"] }).read).toEqual([]);
  });

  test("has each managed policy once", () => {
    const [a, b] = policies(2) as [string, string];
    expect(managedPolicies({ managedPolicies: [b] }, { managedPolicies: [a, b] })).toEqual([a, b]);
    expect(managedPolicies({}, {})).toEqual([]);
  });
});

test("a definition without data resolves to a cluster without data", () => {
  const resolved = defineCluster(cluster({}));
  for (const key of ["data", "managedPolicies", "permissionsBoundary"]) {
    expect(resolved).not.toHaveProperty(key);
    expect(resolved.pools[0]).not.toHaveProperty(key);
  }
});

function once(path: string, value: unknown) {
  return { path, value, expected: "each entry once", hint: "remove the duplicate" };
}

function outside(path: string, value: string, partition: string, region: string) {
  return {
    path,
    value,
    expected: `an ARN that begins with arn:${partition}:, the partition of ${region}`,
    hint: "name one of that partition, or set region",
  };
}

function cluster(rest: Partial<ClusterDefinition>): ClusterDefinition {
  return { name: "c", region: "eu-central-1", network: { adminSubnets: ["10.0.0.0/8"] }, ...rest };
}
