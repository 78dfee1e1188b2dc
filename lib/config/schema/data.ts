import { z } from "zod";
import { s3Location } from "../data";
import { bucket, KMS_KEY, MAX_KEY_BYTES } from "./backend";
import { object, pattern, refine } from "./fields";

const NOT_A_BUCKET =
  "name a bucket; grant an access point or a directory bucket with addToPolicy of the role of a pool";

/** Returns a schema that adds a test of the prefix. */
const prefix = (
  schema: z.ZodString,
  test: (text: string) => boolean,
  expected: string,
  hint: string,
): z.ZodString => refine(schema, (url) => test(s3Location(url).prefix), expected, hint);

const form = refine(
  z.string(),
  (url) => /^s3:\/\/[^/]/.test(url),
  "s3://BUCKET/PREFIX, or s3://BUCKET for a whole bucket",
  (url) =>
    /:accesspoint[:/]/.test(url) ? NOT_A_BUCKET : "write the place as in aws s3 ls s3://BUCKET/PREFIX",
);

const named = refine(
  form,
  (url) => bucket.safeParse(s3Location(url).bucket).success,
  "the name of a general purpose bucket after s3://: 3 to 63 lower-case letters, digits, hyphens and single dots",
  (url) =>
    /^s3:\/\/(arn:|.*(-s3alias|--ol-s3|\.mrap|--x-s3)(\/|$))/.test(url)
      ? NOT_A_BUCKET
      : "copy the bucket's name",
);

const withoutWildcard = prefix(
  named,
  (text) => !/[*?]/.test(text),
  "a prefix without * and ?, which stand for other characters in IAM policies",
  "end the prefix before the wildcard: it includes all below it",
);

const segments = refine(
  withoutWildcard,
  (url) =>
    url
      .slice("s3://".length)
      .replace(/\/$/, "")
      .split("/")
      .every((segment) => !["", ".", ".."].includes(segment)),
  "a prefix without empty, . and .. segments",
  "write the prefix as in the keys of the objects",
);

/**
 * S3 recommends these characters for keys (Amazon S3 User Guide, "Naming Amazon S3 objects": safe characters, and those
 * that may need encoding), without the wildcards of IAM and `$`, which begins a variable in IAM and in Terraform.
 */
const characters = prefix(
  segments,
  (text) => /^[A-Za-z0-9!\-_.'()&@=;/:+ ,]*$/.test(text),
  "a prefix of letters, digits, spaces and ! - _ . ' ( ) & @ = ; / : + ,",
  "use a shorter prefix without other characters, or grant the data with managedPolicies",
);

/** Place in S3. */
const location = prefix(
  characters,
  (text) => text.length <= MAX_KEY_BYTES,
  `a prefix of at most ${MAX_KEY_BYTES} characters`,
  "shorten the prefix",
);

/** ARN of a key. IAM does not accept an alias as the resource of a statement (KMS Developer Guide, "Controlling access to aliases"). */
export const kmsKey = refine(
  z.string(),
  (arn) => new RegExp(`^arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:key/${KMS_KEY}$`).test(arn),
  "the ARN of a KMS key: arn:aws:kms:REGION:ACCOUNT:key/ID",
  (value) =>
    value.includes("alias/")
      ? "name the key: IAM does not grant access by an alias; aws kms describe-key --key-id ALIAS prints its ARN"
      : "copy the key's ARN",
);

/** Schema of a `DataDefinition`. */
export const data = object({
  read: z.array(location).optional(),
  write: z.array(location).optional(),
  kmsKeys: z.array(kmsKey).optional(),
});

/** ARN of a managed policy of AWS or of an account, with its path (IAM User Guide, "IAM and AWS STS quotas"). */
export const policyArn = pattern(
  /^arn:[a-z-]+:iam::(aws|\d{12}):policy\/([\w+=,.@-]+\/)*[\w+=,.@-]{1,128}$/,
  "the ARN of a managed policy: arn:aws:iam::ACCOUNT:policy/NAME",
  "copy the ARN; for a policy of your stack, use addManagedPolicy of the role, or permissionsBoundary of DaskCluster",
);
