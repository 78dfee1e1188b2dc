import { eachPool, issueIf, type Rule } from "./rule";

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
