import { type ClusterDefinition, defineCluster, type ResolvedCluster } from "cdktf-dask";

export const ENVIRONMENTS = ["development", "staging", "production"] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

/** What is the same in all environments. The compiler checks it, and `defineCluster` with the rest. */
const base = {
  region: "eu-central-1",
  data: { read: ["s3://company-lake/raw"] },
  dask: { "array.chunk-size": "256MiB" },
} satisfies Partial<ClusterDefinition>;

/** What differs. A new environment without its sizes does not compile. */
const sizes: Readonly<Record<EnvironmentName, { readonly vpcCidr: string; readonly maxSize: number }>> = {
  development: { vpcCidr: "10.21.0.0/16", maxSize: 2 },
  staging: { vpcCidr: "10.22.0.0/16", maxSize: 4 },
  production: { vpcCidr: "10.23.0.0/16", maxSize: 40 },
};

/**
 * Returns the cluster of an environment.
 *
 * @throws ValidationError with every issue of its definition
 */
export function clusterOf(environment: EnvironmentName): ResolvedCluster {
  const { vpcCidr, maxSize } = sizes[environment];
  const isProduction = environment === "production";
  return defineCluster({
    ...base,
    name: `research-${environment}`,
    network: { adminSubnets: ["10.8.0.0/16"], vpcCidr, nat: isProduction ? "per-zone" : "single" },
    pools: [{ name: "cpu", kind: "cpu", maxSize, spotPercentage: isProduction ? 50 : 100 }],
    deletionProtection: isProduction,
    // #region backend
    backend: { type: "s3", bucket: "company-terraform-state", region: "eu-central-1" },
    // #endregion
    tags: { environment },
  });
}
