import { issuesOf } from "../issues-of";

const UUID = "12345678-1234-4234-9234-12345678abcd";
const KEY = `arn:aws:kms:eu-central-1:123456789012:key/${UUID}`;

describe("a place", () => {
  test.each([
    ...[
      "s3://abc",
      "s3://abc/",
      "s3://my.data-1/a",
      "s3://abc/a/",
      "s3://abc/a/b=1/c.parquet",
      "s3://abc/..a/b.",
    ],
    ...["s3://abc/it's (1) & 2, a+b@c;d:e!", `s3://abc/${"k".repeat(1024)}`],
  ])("accepts %s", (url) => {
    expect(issuesOf(reading(url))).toEqual([]);
  });

  test.each([
    ...[
      "abc",
      "abc/a",
      "S3://abc",
      "s3:/abc",
      "s3://",
      "s3:///a",
      "s3a://abc/a",
      "https://abc.s3.amazonaws.com/a",
    ],
    "arn:aws:s3:::abc/a",
  ])("rejects %s, which has another form", (url) => {
    expect(issuesOf(reading(url))).toEqual([
      {
        path: "data.read[0]",
        value: url,
        expected: "s3://BUCKET/PREFIX, or s3://BUCKET for a whole bucket",
        hint: "write the place as in aws s3 ls s3://BUCKET/PREFIX",
      },
    ]);
  });

  test.each([
    "s3://No/a",
    "s3://ab/a",
    "s3://a..b/a",
    "s3://a_b",
    "s3://192.168.5.4/a",
    `s3://${"b".repeat(64)}`,
  ])("rejects the bucket of %s", (url) => {
    expect(issuesOf(reading(url))).toEqual([
      {
        path: "data.read[0]",
        value: url,
        expected:
          "the name of a general purpose bucket after s3://: 3 to 63 lower-case letters, digits, hyphens and single dots",
        hint: "copy the bucket's name",
      },
    ]);
  });

  test.each([
    "arn:aws:s3:eu-central-1:123456789012:accesspoint/mine",
    "s3://arn:aws:s3:eu-central-1:123456789012:accesspoint/mine/a",
    "s3://mine-abcdef0123-s3alias/a",
    "s3://mine--usw2-az1--x-s3/a",
    "s3://mine.mrap",
  ])("rejects %s, and says how to grant an access point", (url) => {
    expect(issuesOf(reading(url))).toMatchObject([
      {
        path: "data.read[0]",
        value: url,
        hint: "name a bucket; grant an access point or a directory bucket with addToPolicy of the role of a pool",
      },
    ]);
  });

  test.each(["s3://abc/*", "s3://abc/a/*.parquet", "s3://abc/a?"])("rejects the wildcard in %s", (url) => {
    expect(issuesOf(reading(url))).toEqual([
      {
        path: "data.read[0]",
        value: url,
        expected: "a prefix without * and ?, which stand for other characters in IAM policies",
        hint: "end the prefix before the wildcard: it includes all below it",
      },
    ]);
  });

  test.each([
    "s3://abc//",
    "s3://abc//a",
    "s3://abc/a//",
    "s3://abc/a//b",
    "s3://abc/../a",
    "s3://abc/a/..",
    "s3://abc/.",
  ])("rejects the segments of %s", (url) => {
    expect(issuesOf(reading(url))).toEqual([
      {
        path: "data.read[0]",
        value: url,
        expected: "a prefix without empty, . and .. segments",
        hint: "write the prefix as in the keys of the objects",
      },
    ]);
  });

  test.each([
    "s3://abc/${aws:username}",
    "s3://abc/ä",
    "s3://abc/a\nb",
    "s3://abc/a|b",
    's3://abc/"',
    "s3://abc/a%20b",
  ])("rejects the characters of %j", (url) => {
    expect(issuesOf(reading(url))).toEqual([
      {
        path: "data.read[0]",
        value: url,
        expected: "a prefix of letters, digits, spaces and ! - _ . ' ( ) & @ = ; / : + ,",
        hint: "use a shorter prefix without other characters, or grant the data with managedPolicies",
      },
    ]);
  });

  test("rejects a prefix of 1,025 characters", () => {
    expect(issuesOf(reading(`s3://abc/${"k".repeat(1025)}`))).toMatchObject([
      { path: "data.read[0]", expected: "a prefix of at most 1024 characters", hint: "shorten the prefix" },
    ]);
  });

  test("is checked in every list", () => {
    const definition = {
      data: { write: ["a"] },
      pools: [{ name: "p", kind: "cpu", data: { read: ["b"], write: ["s3://abc/", "c"] } }],
    };
    expect(
      issuesOf(cluster(definition))
        .map(({ path }) => path)
        .sort(),
    ).toEqual(["data.write[0]", "pools[0].data.read[0]", "pools[0].data.write[1]"]);
  });

  test("rejects an unknown list", () => {
    expect(issuesOf(cluster({ data: { append: [] } }))).toMatchObject([
      { path: "data.append", expected: "one of read, write, kmsKeys" },
    ]);
  });
});

describe("a KMS key of data", () => {
  test.each([KEY, `arn:aws:kms:us-east-1:123456789012:key/mrk-${"a1".repeat(16)}`])("accepts %s", (arn) => {
    expect(issuesOf(cluster({ data: { read: ["s3://abc"], kmsKeys: [arn] } }))).toEqual([]);
  });

  test.each([UUID, `key/${UUID}`, `${KEY}x`, `arn:aws:s3:eu-central-1:123456789012:key/${UUID}`, ""])(
    "rejects %p",
    (arn) => {
      expect(issuesOf(cluster({ data: { kmsKeys: [arn] } }))).toEqual([
        {
          path: "data.kmsKeys[0]",
          value: arn,
          expected: "the ARN of a KMS key: arn:aws:kms:REGION:ACCOUNT:key/ID",
          hint: "copy the key's ARN",
        },
      ]);
    },
  );

  test.each(["alias/data", "arn:aws:kms:eu-central-1:123456789012:alias/data"])(
    "rejects the alias %s",
    (arn) => {
      expect(issuesOf(cluster({ data: { kmsKeys: [arn] } }))).toMatchObject([
        {
          path: "data.kmsKeys[0]",
          hint: "name the key: IAM does not grant access by an alias; aws kms describe-key --key-id ALIAS prints its ARN",
        },
      ]);
    },
  );
});

describe("a managed policy", () => {
  test.each([
    "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
    "arn:aws:iam::aws:policy/service-role/AmazonS3ObjectLambdaExecutionRolePolicy",
    "arn:aws:iam::123456789012:policy/team/read_my+tables@1",
  ])("accepts %s", (arn) => {
    expect(issuesOf(cluster({ managedPolicies: [arn], permissionsBoundary: arn }))).toEqual([]);
  });

  test.each([
    ...[
      "ReadOnlyAccess",
      "arn:aws:iam::1234:policy/a",
      "arn:aws:iam::aws:role/a",
      "arn:aws:iam::aws:policy/",
      "",
    ],
    ...["${aws_iam_policy.a.arn}", `arn:aws:iam::aws:policy/${"a".repeat(129)}`],
  ])("rejects %p", (arn) => {
    const reason = {
      value: arn,
      expected: "the ARN of a managed policy: arn:aws:iam::ACCOUNT:policy/NAME",
      hint: "copy the ARN; for a policy of your stack, use addManagedPolicy of the role, or permissionsBoundary of DaskCluster",
    };
    expect(issuesOf(cluster({ managedPolicies: [arn], permissionsBoundary: arn }))).toEqual([
      { path: "managedPolicies[0]", ...reason },
      { path: "permissionsBoundary", ...reason },
    ]);
  });
});

function reading(url: string) {
  return cluster({ data: { read: [url] } });
}

function cluster(rest: object) {
  return { name: "c", region: "eu-central-1", network: { adminSubnets: ["10.0.0.0/8"] }, ...rest };
}
