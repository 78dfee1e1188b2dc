import { issuesOf } from "../issues-of";

test.each([
  ...["/prod/x.tfstate", "prod/x.tfstate/", "prod//x.tfstate", "/", "", " ", " x.tfstate", "x.tfstate "],
  ...[
    "../x.tfstate",
    "prod/../x.tfstate",
    "./x.tfstate",
    "prod/..",
    ".",
    "a\u0000b",
    "a\nb",
    "k".repeat(1018),
  ],
  "é".repeat(509),
])("rejects the S3 key %p of a state", (key) => {
  expect(issuesOf(s3({ key }))).toMatchObject([{ path: "backend.key", value: key }]);
});

test.each([
  "x.tfstate",
  "prod/x.tfstate",
  "prod/..x/y.",
  "a b",
  "k".repeat(1017),
  "é".repeat(508),
  ".x/...",
  "...",
])("accepts the S3 key %p of a state", (key) => {
  expect(issuesOf(s3({ key }))).toEqual([]);
});

test.each([
  ...["No", "a", "ab", "b".repeat(64), "a..b", "-ab", "ab-", ".ab", "192.168.5.4", "a_b", "xn--states"],
  ...["sthree-states", "sthree-configurator", "amzn-s3-demo-states", "states-s3alias", "states--ol-s3"],
  ...["states.mrap", "states--usw2-az1--x-s3", "states--table-s3"],
])("rejects the bucket %s of a state", (bucket) => {
  expect(issuesOf(s3({ bucket }))).toMatchObject([{ path: "backend.bucket", value: bucket }]);
});

test.each(["abc", "b".repeat(63), "my.states-1", "192.168.5.4.5", "1.2.3", "s3alias", "sthree"])(
  "accepts the bucket %s of a state",
  (bucket) => {
    expect(issuesOf(s3({ bucket }))).toEqual([]);
  },
);

const UUID = "12345678-1234-4234-9234-12345678abcd";
const MULTI_REGION = `mrk-${"a1".repeat(16)}`;

test.each([
  ...[
    UUID,
    MULTI_REGION,
    "alias/states",
    "alias/team/states",
    `arn:aws:kms:us-west-2:123456789012:key/${UUID}`,
  ],
  ...[`arn:aws-cn:kms:cn-north-1:123456789012:key/${MULTI_REGION}`],
  "arn:aws-us-gov:kms:us-gov-west-1:123456789012:alias/states",
])("accepts the KMS key %s of a state", (kmsKeyId) => {
  expect(issuesOf(s3({ kmsKeyId }))).toEqual([]);
});

test.each([
  ...["states", "", "key/12345678", `${UUID}x`, UUID.toUpperCase(), "mrk-1", "alias/"],
  ...[`key/${UUID}`, `arn:aws:s3:us-west-2:123456789012:key/${UUID}`, "arn:aws:kms:us-west-2:1234:alias/x"],
])("rejects the KMS key %p of a state", (kmsKeyId) => {
  expect(issuesOf(s3({ kmsKeyId }))).toMatchObject([{ path: "backend.kmsKeyId", value: kmsKeyId }]);
});

test.each(["states/", "/", ".", "..", "states/..", "states/.", "", "a\u0000b"])(
  "rejects the path %p of a local state",
  (path) => {
    expect(issuesOf(backend({ type: "local", path }))).toMatchObject([{ path: "backend.path", value: path }]);
  },
);

test.each(["x.tfstate", "../states/x.tfstate", "/var/lib/x", ".x", "my states/x"])(
  "accepts the path %p of a local state",
  (path) => {
    expect(issuesOf(backend({ type: "local", path }))).toEqual([]);
  },
);

test.each([
  [{ organization: "my company" }, "organization"],
  [{ organization: "" }, "organization"],
  [{ organization: "a/b" }, "organization"],
  [{ workspace: "dask.production" }, "workspace"],
  [{ workspace: "w".repeat(91) }, "workspace"],
  [{ hostname: "https://app.terraform.io" }, "hostname"],
  [{ hostname: "app.terraform.io/" }, "hostname"],
  [{ hostname: "app terraform io" }, "hostname"],
  [{ hostname: "" }, "hostname"],
])("rejects %j of HCP Terraform", (rest, field) => {
  expect(issuesOf(backend({ type: "hcp", organization: "o", ...rest }))).toMatchObject([
    { path: `backend.${field}` },
  ]);
});

test.each([
  { organization: "my-company_1", workspace: "dask_production-1" },
  { workspace: "w".repeat(90), hostname: "app.eu.terraform.io" },
  { hostname: "tfe.example.com:8443" },
  { hostname: "localhost" },
])("accepts %j of HCP Terraform", (rest) => {
  expect(issuesOf(backend({ type: "hcp", organization: "o", ...rest }))).toEqual([]);
});

function s3(rest: object) {
  return backend({ type: "s3", bucket: "states", ...rest });
}

function backend(backend: object) {
  return { name: "c", network: { adminSubnets: ["10.0.0.0/8"] }, backend };
}
