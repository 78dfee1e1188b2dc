import { defineCluster } from "../../../lib/config/define";
import { issuesOf } from "../issues-of";

const network = { adminSubnets: ["10.0.0.0/8"] };

describe("tags", () => {
  const tagged = (tags: Record<string, string>, rest: object = {}) => ({ name: "c", network, tags, ...rest });

  test.each([
    [{ owner: "a", Owner: "b" }, "Owner", "owner"],
    [{ "Cost Center": "1", team: "x", "cost center": "2" }, "cost center", "Cost Center"],
    [{ ÉQUIPE: "1", équipe: "2" }, "équipe", "ÉQUIPE"],
  ])("must not be %j: IAM ignores the case of keys", (tags, key, twin) => {
    expect(issuesOf(tagged(tags as Record<string, string>))).toEqual([
      {
        path: `tags.${key}`,
        value: (tags as Record<string, string>)[key],
        expected: `a key that differs from ${twin} by more than its case: IAM ignores the case of keys`,
        hint: `rename or remove one of ${twin} and ${key}`,
      },
    ]);
  });

  test.each([
    ["Name", "Name"],
    ["name", "Name"],
    ["Dask:Cluster", "dask:cluster"],
    ["dask:pool", "dask:pool"],
    ["DASK:ROLE", "dask:role"],
    ["dask:scheduler", "dask:scheduler"],
    ["dask:State", "dask:state"],
    ["dask:release", "dask:release"],
    ["dask:bake-key", "dask:bake-key"],
  ])("must not have the key %s: the cluster sets %s", (key, own) => {
    expect(issuesOf(tagged({ [key]: "x" }))).toEqual([
      {
        path: `tags.${key}`,
        value: "x",
        expected: `a key that differs from ${own} by more than its case: the cluster sets ${own}, and IAM ignores the case of keys`,
        hint: `rename the key ${key}`,
      },
    ]);
  });

  test.each(["dask:owner", "Dask:x"])("must not have the key %s: the prefix is reserved", (key) => {
    expect(issuesOf(tagged({ [key]: "x" }))).toMatchObject([
      { path: `tags.${key}`, hint: `rename the key ${key}` },
    ]);
  });

  test.each([
    ["aws:x", "x"],
    ["AWS:x", "x"],
    ["", "x"],
    ["k".repeat(128), "x"],
    [" owner", "x"],
    ["owner ", "x"],
    [" ", "x"],
    ["own#er", "x"],
    ["owner", "v".repeat(257)],
    ["owner", " x"],
    ["owner", "x "],
    ["owner", " "],
    ["owner", "a,b"],
    ["owner", "a\nb"],
    ["owner", "aws:x"],
    ["owner", "AWS:x"],
  ])("are rejected with the key %p and the value %p", (key, value) => {
    expect(issuesOf(tagged({ [key]: value }))).toMatchObject([{ path: `tags.${key}` }]);
  });

  test.each([
    ["k".repeat(127), "v".repeat(256)],
    ["owner", ""],
    ["équipe", "données"],
    ["Cost Center", "a b"],
    ["my:aws:x", "x aws:"],
    ["names", "dask:x"],
    ["dask-owner", "x"],
  ])("are accepted with the key %p and the value %p", (key, value) => {
    expect(defineCluster(tagged({ [key]: value })).tags).toEqual({ [key]: value });
  });

  test("must have ASCII keys with bakedImages", () => {
    expect(issuesOf(tagged({ équipe: "données" }, { bakedImages: true }))).toMatchObject([
      { path: "tags.équipe", expected: expect.stringContaining("Image Builder") },
    ]);
    expect(issuesOf(tagged({ "Cost Center": "données" }, { bakedImages: true }))).toEqual([]);
  });

  test("are at most eight: Route 53 accepts ten for a hosted zone", () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, "x"]));
    expect(issuesOf(tagged(many(9)))).toEqual([
      {
        path: "tags",
        value: 9,
        expected:
          "at most 8 tags: Route 53 allows 10 for the hosted zone of the cluster, and Name and dask:cluster are two of them",
        hint: "remove some",
      },
    ]);
    expect(issuesOf(tagged(many(8)))).toEqual([]);
  });
});
