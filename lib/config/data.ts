import type { ResolvedCluster } from "./resolved-cluster";

/** Place in Amazon S3: the object `prefix` and all below `prefix/`, or a whole bucket. */
export interface S3Location {
  readonly bucket: string;
  /** Key without `/` at its end; empty for a whole bucket. */
  readonly prefix: string;
}

/** What the tasks of a pool access: the definitions of cluster and pool together. The order of a definition has no effect. */
export interface DataAccess {
  /** What tasks read only. */
  readonly read: readonly S3Location[];
  /** What tasks read, write and delete. */
  readonly write: readonly S3Location[];
  /** ARNs of the KMS keys of this data. */
  readonly kmsKeys: readonly string[];
}

type Granting = Pick<ResolvedCluster, "data" | "managedPolicies">;

/** Returns the place that `s3://bucket/prefix` stands for. A `/` at the end has no effect. */
export function s3Location(url: string): S3Location {
  const [bucket = "", ...segments] = url.replace(/^s3:\/\//, "").split("/");
  return { bucket, prefix: segments.join("/").replace(/\/$/, "") };
}

/** Returns whether all of `inner` is in `outer`. */
export function covers(outer: S3Location, inner: S3Location): boolean {
  return (
    outer.bucket === inner.bucket &&
    (outer.prefix === "" || `${inner.prefix}/`.startsWith(`${outer.prefix}/`))
  );
}

/** Returns what the tasks of a pool access, without places that others cover. */
export function dataAccess(cluster: Granting, pool: Granting): DataAccess {
  const locations = (mode: "read" | "write") =>
    sorted([...(cluster.data?.[mode] ?? []), ...(pool.data?.[mode] ?? [])]).map(s3Location);
  const write = outermost(locations("write"));
  return {
    read: outermost(locations("read")).filter((one) => !write.some((other) => covers(other, one))),
    write,
    kmsKeys: sorted([...(cluster.data?.kmsKeys ?? []), ...(pool.data?.kmsKeys ?? [])]),
  };
}

/** Returns the ARNs of the managed policies of a pool's role, each once. */
export function managedPolicies(cluster: Granting, pool: Granting): readonly string[] {
  return sorted([...(cluster.managedPolicies ?? []), ...(pool.managedPolicies ?? [])]);
}

/** Sorts texts, and removes duplicates. */
function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

function outermost(locations: readonly S3Location[]): readonly S3Location[] {
  return locations.filter(
    (one, index) =>
      !locations.some(
        (other, place) => place !== index && covers(other, one) && !(covers(one, other) && place > index),
      ),
  );
}
