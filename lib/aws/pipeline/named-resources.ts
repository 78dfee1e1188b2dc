import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { Account } from "../account/account";
import type { RoleStatement } from "../account/policy";

/** Returns the statements for reading what definitions name outside of `dask-*`: objects in existing artifact buckets. */
export function readNamedResources(
  clusters: readonly ResolvedCluster[],
  { partition }: Account,
): readonly RoleStatement[] {
  const buckets = artifactBuckets(clusters, partition);
  if (buckets.length === 0) return [];
  return [
    { Action: "s3:ListBucket", Resource: buckets },
    {
      Action: ["s3:GetObject", "s3:GetObjectTagging"],
      Resource: buckets.map((arn) => `${arn}/bundles/*`),
    },
  ];
}

/** Returns the statements for deploying with it: objects in existing artifact buckets, parameters with the id of an AMI. */
export function deployNamedResources(
  clusters: readonly ResolvedCluster[],
  account: Account,
): readonly RoleStatement[] {
  const buckets = artifactBuckets(clusters, account.partition);
  const parameters = clusters.flatMap(({ region, scheduler, pools }) =>
    [scheduler, ...pools].flatMap(({ image }) =>
      typeof image === "object" && "ssmParameter" in image
        ? [`arn:${account.partition}:ssm:${region}:${account.accountId}:parameter${image.ssmParameter}`]
        : [],
    ),
  );
  return [
    ...(buckets.length === 0
      ? []
      : [
          { Action: ["s3:ListBucket", "s3:ListBucketVersions"], Resource: buckets },
          {
            Action: [
              "s3:DeleteObject",
              "s3:DeleteObjectVersion",
              "s3:GetObject",
              "s3:GetObjectTagging",
              "s3:PutObject",
              "s3:PutObjectTagging",
            ],
            Resource: buckets.map((arn) => `${arn}/bundles/*`),
          },
        ]),
    ...(parameters.length === 0
      ? []
      : [{ Action: "ssm:GetParameters", Resource: [...new Set(parameters)].sort() }]),
  ];
}

function artifactBuckets(clusters: readonly ResolvedCluster[], partition: string): readonly string[] {
  const names = clusters.flatMap(({ artifactBucket }) => artifactBucket ?? []);
  return [...new Set(names)].sort().map((name) => `arn:${partition}:s3:::${name}`);
}
