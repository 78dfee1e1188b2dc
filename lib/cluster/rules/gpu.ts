import { formatBytes } from "../amounts";
import { MIB, parseBytes } from "../bytes";
import { instanceTypeFacts } from "../instance-types";
import { eachPool, faultIf, type Rule } from "./rule";

/** A pool asks only for what its release can install. */
export const gpuFeatures: Rule = ({ pools, release }) =>
  pools.flatMap((pool, index) => {
    if (pool.kind !== "gpu") return [];
    const why = `release ${release.name} (RAPIDS ${release.rapids}) has no wheels of it`;
    return [
      ...faultIf(pool.rmmPool !== false && release.rmm === undefined, {
        path: `pools[${index}].rmmPool`,
        value: pool.rmmPool,
        allowed: `false: an RMM pool needs rmm, and ${why}`,
        remedy: "leave rmmPool out, or move to release 2026.7",
      }),
      ...faultIf(pool.ucx && release.ucx === undefined, {
        path: `pools[${index}].ucx`,
        value: pool.ucx,
        allowed: `false: UCX needs ucx-py, and ${why}`,
        remedy: "leave ucx out, or move to release 2026.7",
      }),
    ];
  });

/** An RMM pool fits into a GPU of each instance type. */
export const rmmPools: Rule = eachPool((pool, path) => {
  if (pool.kind !== "gpu" || typeof pool.rmmPool !== "string") return [];
  const size = parseBytes(pool.rmmPool) ?? 0;
  const small = pool.instanceTypes
    .map((type) => ({
      type,
      memory: (instanceTypeFacts(type)?.gpuMemoryMiB ?? Number.POSITIVE_INFINITY) * MIB,
    }))
    .sort((a, b) => a.memory - b.memory)
    .find(({ memory }) => memory < size);
  return small === undefined
    ? []
    : [
        {
          path: `${path}.rmmPool`,
          value: pool.rmmPool,
          allowed: `at most ${formatBytes(small.memory)}, the memory of a GPU of ${small.type}`,
          remedy: "lower rmmPool, or give a share such as 0.8",
        },
      ];
});

/** UCX is not encrypted, and does not ask whether it should be (`require-encryption` is of Dask's TCP alone). */
export const ucxWithoutTls: Rule = ({ ucx, tls }) =>
  faultIf(ucx && tls, {
    path: "tls",
    value: tls,
    allowed: "false in a cluster whose pools speak UCX: ucx:// is never encrypted",
    remedy:
      "set tls: false, which isolates the cluster from the admin subnets, or turn ucx off: one GPU a machine gains nothing from it",
  });

/** Either every member speaks UCX, or none does. */
export const ucxEverywhere: Rule = ({ pools, ucx }) =>
  pools.flatMap((pool, index) =>
    faultIf(ucx && !(pool.kind === "gpu" && pool.ucx), {
      path: pool.kind === "gpu" ? `pools[${index}].ucx` : `pools[${index}].kind`,
      value: pool.kind === "gpu" ? pool.ucx : pool.kind,
      allowed: "a GPU pool with ucx, as another pool has it: members reach each other under ucx:// addresses",
      remedy: "turn ucx off, or give this pool a cluster of its own",
    }),
  );
