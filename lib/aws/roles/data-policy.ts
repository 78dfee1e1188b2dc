import type { DataAccess, S3Location } from "../../config/data";
import type { Account } from "../account/account";
import type { RoleStatement } from "../account/policy";

/**
 * Returns the statements that let tasks use data in S3; none without data. docs/data.md has the requests of s3fs, PyArrow and
 * Dask that each action is for, and decision 42 the reasons.
 *
 * - Reading: `ListBucket` of the place only, because its condition does not hold for requests without a prefix.
 * - Writing: reading, and `DeleteObject` too, because who can replace an object can also destroy its content.
 *   `GetBucketLocation` is what s3fs asks if a bucket exists when `HeadBucket` is denied; otherwise it would create the bucket.
 */
export function dataStatements({ read, write, kmsKeys }: DataAccess, account: Account): RoleStatement[] {
  const all = [...read, ...write];
  if (all.length === 0) return [];
  const bucketArn = (bucket: string) => `arn:${account.partition}:s3:::${bucket}`;
  const objects = (places: readonly S3Location[]) =>
    places.flatMap(({ bucket, prefix }) => below(prefix).map((key) => `${bucketArn(bucket)}/${key}`));
  return [
    ...bucketsOf(all).map((bucket) => listing(bucketArn(bucket), bucket, all)),
    { Action: "s3:GetObject", Resource: objects(all) },
    ...(write.length === 0
      ? []
      : [
          { Action: "s3:GetBucketLocation", Resource: bucketsOf(write).map(bucketArn) },
          {
            Action: [
              "s3:AbortMultipartUpload",
              "s3:DeleteObject",
              "s3:ListMultipartUploadParts",
              "s3:PutObject",
            ],
            Resource: objects(write),
          },
        ]),
    ...(kmsKeys.length === 0
      ? []
      : [
          {
            // An upload in parts needs kms:Decrypt too (Amazon S3 User Guide, "Multipart upload API and permissions").
            Action: ["kms:Decrypt", ...(write.length === 0 ? [] : ["kms:GenerateDataKey"])],
            Resource: kmsKeys,
            Condition: { StringEquals: { "kms:ViaService": viaS3(kmsKeys, account) } },
          },
        ]),
  ];
}

/** Allows listing the keys of a bucket: all, or those that begin with one of its places. */
function listing(arn: string, bucket: string, places: readonly S3Location[]): RoleStatement {
  const prefixes = places.filter((place) => place.bucket === bucket).flatMap(({ prefix }) => below(prefix));
  const statement = { Action: "s3:ListBucket", Resource: arn };
  return prefixes.includes("*")
    ? statement
    : { ...statement, Condition: { StringLike: { "s3:prefix": prefixes } } };
}

/**
 * Patterns of the keys of a place: its own key and all below it. S3 answers a request for a missing object with 404 only if
 * the key may be listed, and with 403 otherwise; s3fs requests the key of a folder before it lists the folder.
 */
function below(prefix: string): readonly string[] {
  return prefix === "" ? ["*"] : [prefix, `${prefix}/*`];
}

function bucketsOf(places: readonly S3Location[]): readonly string[] {
  return [...new Set(places.map(({ bucket }) => bucket))];
}

/** Principals of S3 in the regions of the keys; a bucket and its key are in one region. */
function viaS3(kmsKeys: readonly string[], { dnsSuffix }: Account): readonly string[] {
  return [...new Set(kmsKeys.map((arn) => `s3.${arn.split(":")[3]}.${dnsSuffix}`))];
}
