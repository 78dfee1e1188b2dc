import { formatBytes, MIN_BYTES } from "../amounts";
import { MIB, parseBytes } from "../bytes";
import { factsOf } from "../instance-types";
import { eachPool, issueIf, type Rule } from "./rule";

/** The names of the pools are different, and none is `scheduler`. */
export const poolNames: Rule = ({ pools }) =>
  pools.flatMap(({ name }, index) => [
    ...issueIf(pools.findIndex((pool) => pool.name === name) < index, {
      path: `pools[${index}].name`,
      value: name,
      expected: "a name that no other pool has",
      hint: "rename one of the two pools",
    }),
    ...issueIf(name === "scheduler", {
      path: `pools[${index}].name`,
      value: name,
      expected: "any name but scheduler, which is the name of the scheduler's resources",
      hint: "rename the pool",
    }),
  ]);

/** minSize ≤ desiredSize ≤ maxSize, and onDemandBase ≤ maxSize. */
export const poolSizes: Rule = eachPool(({ minSize, desiredSize, maxSize, onDemandBase }, path) => [
  ...issueIf(minSize > maxSize, {
    path: `${path}.minSize`,
    value: minSize,
    expected: `at most maxSize (${maxSize})`,
    hint: "lower minSize or raise maxSize",
  }),
  ...issueIf(minSize <= maxSize && (desiredSize < minSize || desiredSize > maxSize), {
    path: `${path}.desiredSize`,
    value: desiredSize,
    expected: `from minSize (${minSize}) to maxSize (${maxSize})`,
    hint: "change desiredSize, minSize or maxSize",
  }),
  ...issueIf(onDemandBase > maxSize, {
    path: `${path}.onDemandBase`,
    value: onDemandBase,
    expected: `at most maxSize (${maxSize})`,
    hint: "lower onDemandBase or raise maxSize",
  }),
]);

/** Names of resources differ by more than their case, from each other and from CPU and GPU. */
export const resourceNames: Rule = eachPool((pool, path) => {
  const own = pool.kind === "cpu" ? "CPU" : "GPU";
  return Object.keys(pool.resources).flatMap((name, index, names) => {
    const at = { path: `${path}.resources.${name}`, value: pool.resources[name] };
    const standard = ["CPU", "GPU"].find(
      (known) => known === name.toUpperCase() && (name !== known || known !== own),
    );
    const twin = names.slice(0, index).find((earlier) => earlier.toLowerCase() === name.toLowerCase());
    return issueIf(standard !== undefined || twin !== undefined, {
      ...at,
      expected: `a name that differs from CPU, GPU${twin === undefined ? "" : ` and ${twin}`} by more than its case: Dask lower-cases names that come from the environment`,
      hint: `rename the resource; the pool already offers ${own}`,
    });
  });
});

/** A definition does not set the resources CPU and GPU, which each pool sets itself. */
export const ownResource: Rule = eachPool((pool, path) => {
  const own = pool.kind === "cpu" ? "CPU" : "GPU";
  const expected = pool.kind === "cpu" ? (pool.threads ?? "threads") : 1;
  return issueIf(pool.resources[own] !== expected, {
    path: `${path}.resources.${own}`,
    value: pool.resources[own],
    expected: `nothing: the pool offers ${own} itself, ${pool.kind === "cpu" ? "once per thread" : "once per GPU"}`,
    hint: `remove ${own} from resources`,
  });
});

/** The release has the packages that RMM pools and UCX need. */
export const gpuFeatures: Rule = ({ pools, release }) =>
  pools.flatMap((pool, index) => {
    if (pool.kind !== "gpu") return [];
    const why = `release ${release.name} (RAPIDS ${release.rapids}) has no wheels of it`;
    return [
      ...issueIf(pool.rmmPool !== false && release.rmm === undefined, {
        path: `pools[${index}].rmmPool`,
        value: pool.rmmPool,
        expected: `false: an RMM pool needs rmm, and ${why}`,
        hint: "remove rmmPool, or use release 2026.7",
      }),
      ...issueIf(pool.ucx && release.ucx === undefined, {
        path: `pools[${index}].ucx`,
        value: pool.ucx,
        expected: `false: UCX needs ucx-py, and ${why}`,
        hint: "remove ucx, or use release 2026.7",
      }),
    ];
  });

/** An RMM pool is at most the memory of the smallest GPU, and at least `MIN_BYTES`. */
export const rmmPools: Rule = eachPool((pool, path) => {
  if (pool.kind !== "gpu" || pool.rmmPool === false) return [];
  const [smallest] = pool.instanceTypes
    .flatMap((type) => {
      const memoryMiB = factsOf(pool, type)?.gpuMemoryMiB;
      return memoryMiB === undefined ? [] : [{ type, memory: memoryMiB * MIB }];
    })
    .sort((a, b) => a.memory - b.memory);
  if (smallest === undefined) return [];
  const { type, memory } = smallest;
  const share = typeof pool.rmmPool === "number";
  const size = typeof pool.rmmPool === "number" ? pool.rmmPool * memory : (parseBytes(pool.rmmPool) ?? 0);
  const at = { path: `${path}.rmmPool`, value: pool.rmmPool };
  return [
    ...issueIf(size > memory, {
      ...at,
      expected: `at most ${formatBytes(memory)}, the memory of a GPU of ${type}`,
      hint: "lower rmmPool, or set a share such as 0.8",
    }),
    ...issueIf(share && size < MIN_BYTES, {
      ...at,
      expected: `at least ${Math.ceil((100 * MIN_BYTES) / memory)}% of a GPU of ${type}, which has ${formatBytes(memory)}`,
      hint: "raise the share, or remove rmmPool",
    }),
  ];
});

/** A cluster with UCX has no TLS: UCX is not encrypted, and ignores `require-encryption` of Dask. */
export const ucxWithoutTls: Rule = ({ ucx, tls }) =>
  issueIf(ucx && tls, {
    path: "tls",
    value: tls,
    expected: "false in a cluster with UCX: ucx:// is never encrypted",
    hint: "set tls: false, which isolates the cluster from the admin subnets, or turn ucx off: nodes with one GPU gain nothing from it",
  });

/** Either all pools use UCX, or none. */
export const ucxEverywhere: Rule = ({ pools, ucx }) =>
  pools.flatMap((pool, index) =>
    issueIf(ucx && !(pool.kind === "gpu" && pool.ucx), {
      path: pool.kind === "gpu" ? `pools[${index}].ucx` : `pools[${index}].kind`,
      value: pool.kind === "gpu" ? pool.ucx : pool.kind,
      expected: "a GPU pool with ucx, because another pool has it: all nodes use the same protocol",
      hint: "turn ucx off, or move this pool to another cluster",
    }),
  );
