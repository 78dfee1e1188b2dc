import { ownerOfKey } from "../dask/owned-keys";
import { CREDENTIALS, ownerInEnviron, ownerOfVariable } from "../dask/owned-variables";
import { type DaskKey, readDaskSettings } from "../dask/read-settings";
import { daskSchema, describeSchema, fits } from "../dask/schema";
import type { DaskValue, SettingsDefinition } from "../definition";
import type { ResolvedCluster } from "../resolved-cluster";
import type { ValidationIssue } from "../validation-error";
import { issueIf, type Rule } from "./rule";

/** Keys of Dask's configuration have the types of the release's schema, and are not set by the cluster. */
export const daskKeys: Rule = (cluster) =>
  settingsIn(cluster).flatMap(([owner, { dask }]) => {
    if (dask === undefined) return [];
    const { keys, twice } = readDaskSettings(dask, cluster.release.name);
    return [
      ...twice.map((path) => ({
        path: `${owner}dask.${path}`,
        value: keys.filter((key) => key.path === path).map(({ value }) => value),
        expected: "each key once: - and _, and nested and dotted keys, are the same",
        hint: "remove one of them",
      })),
      ...keys.flatMap((key) => keyIssues(`${owner}dask.`, key)),
    ];
  });

function keyIssues(prefix: string, { path, value, schema }: DaskKey): readonly ValidationIssue[] {
  const at = { path: `${prefix}${path}`, value };
  const owner = ownerOfKey(path);
  if (owner !== undefined)
    return [{ ...at, expected: `nothing: the cluster sets it: ${owner.reason}`, hint: owner.hint }];
  if (schema === undefined) return [];
  if (typeof value === "number" && String(value).includes("e"))
    return [
      { ...at, expected: "a number that needs no exponent: PyYAML reads others as texts", hint: "round it" },
    ];
  if (!fits(schema, value))
    return [{ ...at, expected: describeSchema(schema), hint: "give a value of that form" }];
  const inner = Object.entries(typeof value === "object" && value !== null ? value : {}) as [
    string,
    DaskValue,
  ][];
  return [
    ...inner.flatMap(([name, one]) => {
      const inside = /\.(pre-spawn-)?environ$/.test(path)
        ? ownerInEnviron(name)
        : ownerOfKey(`${path}.${name}`);
      if (inside === undefined) return [];
      const expected = `nothing: the cluster sets it: ${inside.reason}`;
      return [{ path: `${prefix}${path}.${name}`, value: one, expected, hint: inside.hint }];
    }),
    ...issueIf(
      path === "distributed.scheduler.http.routes" && !REQUIRED.every((one) => includes(value, one)),
      {
        ...at,
        expected: `a list with ${REQUIRED.join(" and ")}: the cluster asks them whether the scheduler is ready`,
        hint: "list Dask's default routes too: a list replaces them",
      },
    ),
  ];
}

/** Routes that nodes and the local stack use. */
const REQUIRED = ["distributed.http.health", "distributed.http.scheduler.json"] as const;

function includes(value: DaskValue, item: string): boolean {
  return Array.isArray(value) && value.includes(item);
}

/** Environment variables are not those that Dask, systemd or the cluster set; credentials are references. */
export const environmentVariables: Rule = (cluster) =>
  settingsIn(cluster).flatMap(([prefix, settings]) =>
    Object.entries(settings.environmentVariables ?? {}).flatMap(
      ([name, value]): readonly ValidationIssue[] => {
        const at = { path: `${prefix}environmentVariables.${name}`, value };
        const owner = ownerOfVariable(name);
        if (owner !== undefined)
          return [{ ...at, expected: `another variable: ${owner.reason}`, hint: owner.hint }];
        return issueIf(CREDENTIALS.test(name) && typeof value === "string", {
          ...at,
          value: "…",
          expected: "a reference to a secret: a text is visible to all who can read the bundle",
          hint: "use { secretsManager: 'name' }, or better grant the role of the pool the access",
        });
      },
    ),
  );

/** Returns a warning for each key that Dask does not know and that is not in the namespace of another package. */
export function unknownDaskKeys(cluster: ResolvedCluster): readonly string[] {
  const { name, dask: version } = cluster.release;
  const namespaces = Object.keys(daskSchema(name).properties ?? {});
  return settingsIn(cluster).flatMap(([owner, { dask }]) =>
    readDaskSettings(dask ?? {}, name)
      .keys.filter(({ path, schema }) => schema === undefined && !isOfOtherPackage(path, namespaces))
      .map(
        ({ path, value }) =>
          `${owner}dask.${path}: got ${JSON.stringify(value)}, which Dask ${version} does not know. Hint: correct the spelling, or remove the key`,
      ),
  );
}

/** A namespace of another package, such as `my-lib.cache`: not a single key, and not the misspelt name of one of Dask's. */
function isOfOtherPackage(path: string, namespaces: readonly string[]): boolean {
  const [first = "", ...rest] = path.split(".");
  return rest.length > 0 && !namespaces.some((known) => distance(known, first) <= 2);
}

/** Number of letters to insert, delete or replace (Levenshtein distance). */
function distance(one: string, other: string): number {
  const first = Array.from({ length: other.length + 1 }, (_, index) => index);
  const last = [...one].reduce<readonly number[]>((above, letter, row) => {
    const line = [row + 1];
    for (const [column, same] of [...other].entries())
      line.push(
        Math.min(
          (above[column + 1] ?? 0) + 1,
          (line[column] ?? 0) + 1,
          (above[column] ?? 0) + (letter === same ? 0 : 1),
        ),
      );
    return line;
  }, first);
  return last.at(-1) ?? 0;
}

/** Settings of the cluster, of the scheduler and of each pool, with the beginning of their paths. */
function settingsIn(
  cluster: Pick<ResolvedCluster, "scheduler" | "pools"> & SettingsDefinition,
): readonly (readonly [string, SettingsDefinition])[] {
  return [
    ["", cluster],
    ["scheduler.", cluster.scheduler],
    ...cluster.pools.map((pool, index) => [`pools[${index}].`, pool] as const),
  ];
}
