import { dataAccess, managedPolicies, s3Location } from "../data";
import { partitionOf } from "../regions";
import type { ResolvedCluster } from "../resolved-cluster";
import { ValidationError, type ValidationIssue } from "../validation-error";
import { issueIf, type Rule, repeated } from "./rule";

/** Managed policies of a role: by default, and at most after an increase (IAM User Guide, "IAM and AWS STS quotas"). */
const DEFAULT_MANAGED_POLICIES = 10;
const MAX_MANAGED_POLICIES = 20;

/** Cluster or pool, with the beginning of its paths in the definition. */
type Level = Pick<ResolvedCluster, "data" | "managedPolicies"> & { readonly path: string };

function levels(cluster: ResolvedCluster): readonly Level[] {
  return [
    { ...cluster, path: "" },
    ...cluster.pools.map((pool, index) => ({ ...pool, path: `pools[${index}].` })),
  ];
}

/** Cluster and pool name each place, key and policy once, and no place both in `read` and in `write`. */
export const dataOnce: Rule = (cluster) =>
  levels(cluster).flatMap(({ path, data, managedPolicies }) => [
    ...repeated(`${path}data.read`, data?.read, "entry", place),
    ...repeated(`${path}data.write`, data?.write, "entry", place),
    ...(data?.read ?? []).flatMap((url, index) =>
      issueIf(data?.write?.some((other) => place(other) === place(url)) ?? false, {
        path: `${path}data.read[${index}]`,
        value: url,
        expected: `a place that is not in ${path}data.write, which includes reading`,
        hint: `remove it from ${path}data.read`,
      }),
    ),
    ...repeated(`${path}data.kmsKeys`, data?.kmsKeys),
    ...repeated(`${path}managedPolicies`, managedPolicies),
  ]);

function place(url: string): string {
  const { bucket, prefix } = s3Location(url);
  return `${bucket}/${prefix}`;
}

/** ARNs are in the partition of the region: IAM and KMS of one partition do not know those of another. */
export const arnsOfThePartition: Rule = (cluster) => {
  const { region, permissionsBoundary } = cluster;
  const partition = partitionOf(region);
  if (partition === undefined) return [];
  const outside = (path: string, arn: string) =>
    issueIf(!arn.startsWith(`arn:${partition}:`), {
      path,
      value: arn,
      expected: `an ARN that begins with arn:${partition}:, the partition of ${region}`,
      hint: "name one of that partition, or set region",
    });
  return [
    ...levels(cluster).flatMap(({ path, data, managedPolicies }) => [
      ...(data?.kmsKeys ?? []).flatMap((arn, index) => outside(`${path}data.kmsKeys[${index}]`, arn)),
      ...(managedPolicies ?? []).flatMap((arn, index) => outside(`${path}managedPolicies[${index}]`, arn)),
    ]),
    ...(cluster.backup?.kmsKey === undefined ? [] : outside("backup.kmsKey", cluster.backup.kmsKey)),
    ...(permissionsBoundary === undefined ? [] : outside("permissionsBoundary", permissionsBoundary)),
  ];
};

/** IAM allows the number of managed policies of each pool's role. The constructs attach none to it. */
export const managedPolicyCount: Rule = (cluster) =>
  cluster.pools.flatMap((pool, index) => {
    const count = managedPolicies(cluster, pool).length;
    return issueIf(count > MAX_MANAGED_POLICIES, {
      path: `${pool.managedPolicies === undefined ? "" : `pools[${index}].`}managedPolicies`,
      value: `${count} policies of cluster and pool`,
      expected: `at most ${MAX_MANAGED_POLICIES}: IAM attaches no more to a role`,
      hint: "join policies, or move statements into the code with addToPolicy",
    });
  });

/** Returns a warning for each setting about data that may not work as it is: quotas, and keys without data. */
export function dataWarnings(cluster: ResolvedCluster): readonly string[] {
  return cluster.pools.flatMap((pool, index) => {
    const { read, write, kmsKeys } = dataAccess(cluster, pool);
    const count = managedPolicies(cluster, pool).length;
    return [
      ...(kmsKeys.length > 0 && read.length + write.length === 0
        ? [
            `pools[${index}]: got data.kmsKeys without data.read and data.write, so its tasks use no key. Hint: name the data, or remove the keys`,
          ]
        : []),
      ...(count > DEFAULT_MANAGED_POLICIES
        ? [
            `pools[${index}]: got ${count} managed policies of cluster and pool; IAM attaches ${DEFAULT_MANAGED_POLICIES} to a role by default. Hint: raise the quota "Managed policies per role", or join policies`,
          ]
        : []),
    ];
  });
}

/**
 * Returns the permissions boundary of the roles. The construct and the definition may both name it, but not a different one.
 *
 * @throws ValidationError if they differ
 */
export function permissionsBoundaryOf(cluster: ResolvedCluster, ofConstruct?: string): string | undefined {
  const { name, permissionsBoundary } = cluster;
  const issue: ValidationIssue = {
    path: "permissionsBoundary",
    value: permissionsBoundary,
    expected: `the permissionsBoundary of the construct, ${ofConstruct}: one boundary applies to all roles`,
    hint: "remove one of them",
  };
  if (ofConstruct !== undefined && permissionsBoundary !== undefined && ofConstruct !== permissionsBoundary)
    throw new ValidationError(name, [issue]);
  return ofConstruct ?? permissionsBoundary;
}
