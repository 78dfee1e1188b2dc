import type { DaskSettings, DaskValue } from "../definition";
import type { ReleaseName } from "../releases";
import { daskSchema, type Schema } from "./schema";

/** A key of Dask's configuration in a definition. */
export interface DaskKey {
  /** In Dask's spelling, such as `distributed.worker.memory.target`. */
  readonly path: string;
  readonly value: DaskValue;
  /** Schema of the key; absent for a key that Dask does not know. */
  readonly schema?: Schema;
}

/** Dask's configuration in a definition, with each key in Dask's spelling. */
export interface ReadSettings {
  /** Nested keys. */
  readonly settings: DaskSettings;
  readonly keys: readonly DaskKey[];
  /** Paths of keys that the definition has twice, in two spellings. */
  readonly twice: readonly string[];
}

/**
 * Reads nested and dotted keys. Below a key whose value Dask describes as any object, such as `logging`, dots and underscores
 * are part of the keys.
 */
export function readDaskSettings(given: DaskSettings, release: ReleaseName): ReadSettings {
  const keys = keysIn(daskSchema(release), given, []);
  const settings: Mutable = {};
  const twice = keys
    .filter(({ path, value }) => !add(settings, path, value))
    .map(({ path }) => path.join("."));
  return { settings, twice, keys: keys.map((key) => ({ ...key, path: key.path.join(".") })) };
}

/** Merges nested keys; those of `over` win. */
export function mergeDaskSettings(under: DaskSettings, over: DaskSettings): DaskSettings {
  const merged: Mutable = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const before = under[key];
    merged[key] = isMapping(before) && isMapping(value) ? mergeDaskSettings(before, value) : value;
  }
  return merged;
}

/** Returns whether Dask reads two spellings as the same key. */
function sameKey(one: string, other: string): boolean {
  return canonicalKey(one) === canonicalKey(other);
}

/** Returns the one spelling of a key for comparisons: to Dask, `-` and `_` are the same. */
export function canonicalKey(key: string): string {
  return key.replaceAll("_", "-");
}

type Mutable = Record<string, DaskValue>;
type Key = Omit<DaskKey, "path"> & { readonly path: readonly string[] };

function keysIn(schema: Schema, given: DaskSettings, above: readonly string[]): readonly Key[] {
  return Object.entries(given).flatMap(([key, value]): readonly Key[] => {
    const [first = "", ...rest] = key.split(".");
    const inner: DaskValue = rest.length === 0 ? value : { [rest.join(".")]: value };
    const name = Object.keys(schema.properties ?? {}).find((known) => sameKey(known, first));
    const found = name === undefined ? undefined : schema.properties?.[name];
    const path = [...above, name ?? first];
    if (found?.properties === undefined)
      return found === undefined ? unknownKeys(path, inner) : [{ path, value: inner, schema: found }];
    return isMapping(inner) ? keysIn(found, inner, path) : [{ path, value: inner, schema: found }];
  });
}

/** Keys that Dask does not know may be those of another package, whose dots separate keys too. */
function unknownKeys(path: readonly string[], value: DaskValue): readonly Key[] {
  if (!isMapping(value) || Object.keys(value).length === 0) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => unknownKeys([...path, ...key.split(".")], inner));
}

/** Adds a value to nested keys. Returns false if there is one already. */
function add(settings: Mutable, [first = "", ...rest]: readonly string[], value: DaskValue): boolean {
  const key = Object.keys(settings).find((present) => sameKey(present, first)) ?? first;
  const before = settings[key];
  if (rest.length > 0) {
    const inner: Mutable = isMapping(before) ? { ...before } : {};
    settings[key] = inner;
    return add(inner, rest, value) && (before === undefined || isMapping(before));
  }
  settings[key] = isMapping(before) && isMapping(value) ? { ...before, ...value } : value;
  return before === undefined || (isMapping(before) && isMapping(value));
}

function isMapping(value: DaskValue | undefined): value is DaskSettings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
