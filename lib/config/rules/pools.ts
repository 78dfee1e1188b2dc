import { formatBytes, MIN_BYTES } from "../amounts";
import { MIB, parseBytes } from "../bytes";
import { factsOf } from "../instance-types";
import { eachPool, issueIf, type Rule } from "./rule";

/** Each pool has a name of its own. */
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
      expected: "any name but scheduler, which names the scheduler's own resources",
      hint: "rename the pool",
    }),
  ]);

/** minSize ≤ desiredSize ≤ maxSize, and no more on-demand machines than machines. */
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
    hint: "move desiredSize between the two, or move the two",
  }),
  ...issueIf(onDemandBase > maxSize, {
    path: `${path}.onDemandBase`,
    value: onDemandBase,
    expected: `at most maxSize (${maxSize})`,
    hint: "lower onDemandBase or raise maxSize",
  }),
]);

/** Resource names differ by more than their case, from each other and from CPU and GPU. */
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
      hint: `rename the resource; ${own} is offered by the pool already`,
    });
  });
});

/** CPU and GPU are offered by the pools themselves. */
export const ownResource: Rule = eachPool((pool, path) => {
  const own = pool.kind === "cpu" ? "CPU" : "GPU";
  const expected = pool.kind === "cpu" ? (pool.threads ?? "threads") : 1;
  return issueIf(pool.resources[own] !== expected, {
    path: `${path}.resources.${own}`,
    value: pool.resources[own],
    expected: `nothing: the pool offers ${own} itself, ${pool.kind === "cpu" ? "once per thread" : "once per GPU"}`,
    hint: `take ${own} out of resources`,
  });
});

/** A pool asks only for what its release can install. */
export const gpuFeatures: Rule = ({ pools, release }) =>
  pools.flatMap((pool, index) => {
    if (pool.kind !== "gpu") return [];
    const why = `release ${release.name} (RAPIDS ${release.rapids}) has no wheels of it`;
    return [
      ...issueIf(pool.rmmPool !== false && release.rmm === undefined, {
        path: `pools[${index}].rmmPool`,
        value: pool.rmmPool,
        expected: `false: an RMM pool needs rmm, and ${why}`,
        hint: "leave rmmPool out, or move to release 2026.7",
      }),
      ...issueIf(pool.ucx && release.ucx === undefined, {
        path: `pools[${index}].ucx`,
        value: pool.ucx,
        expected: `false: UCX needs ucx-py, and ${why}`,
        hint: "leave ucx out, or move to release 2026.7",
      }),
    ];
  });

/** An RMM pool fits into a GPU of each instance type, and is of use. */
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
      hint: "lower rmmPool, or give a share such as 0.8",
    }),
    ...issueIf(share && size < MIN_BYTES, {
      ...at,
      expected: `at least ${Math.ceil((100 * MIN_BYTES) / memory)}% of a GPU of ${type}, which has ${formatBytes(memory)}`,
      hint: "raise the share, or leave rmmPool out",
    }),
  ];
});

/** UCX is not encrypted, and does not ask whether it should be (`require-encryption` is of Dask's TCP alone). */
export const ucxWithoutTls: Rule = ({ ucx, tls }) =>
  issueIf(ucx && tls, {
    path: "tls",
    value: tls,
    expected: "false in a cluster whose pools speak UCX: ucx:// is never encrypted",
    hint: "set tls: false, which isolates the cluster from the admin subnets, or turn ucx off: one GPU a machine gains nothing from it",
  });

/** Either every member speaks UCX, or none does. */
export const ucxEverywhere: Rule = ({ pools, ucx }) =>
  pools.flatMap((pool, index) =>
    issueIf(ucx && !(pool.kind === "gpu" && pool.ucx), {
      path: pool.kind === "gpu" ? `pools[${index}].ucx` : `pools[${index}].kind`,
      value: pool.kind === "gpu" ? pool.ucx : pool.kind,
      expected:
        "a GPU pool with ucx, as another pool has it: members reach each other under ucx:// addresses",
      hint: "turn ucx off, or give this pool a cluster of its own",
    }),
  );
