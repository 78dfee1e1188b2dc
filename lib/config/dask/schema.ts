import { z } from "zod";
import type { ReleaseName } from "../releases";
import release2024 from "./schema-2024.7.json";
import release2026 from "./schema-2026.7.json";

/** Part of a JSON schema. `scripts/dask_schema.py` extracts those of Dask's configuration. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/**
 * Keys that Dask reads and its schemas lack (dask/base.py; `initialize_logging` of distributed/config.py). Their values have
 * any form.
 */
const UNDESCRIBED: Readonly<Record<string, Schema>> = Object.fromEntries(
  ["annotations", "cache", "client-name", "logging", "logging-file-config", "num-workers", "pool"]
    .concat("scheduler", "scheduler-address")
    .map((key) => [key, {}]),
);

const SCHEMAS: Readonly<Record<ReleaseName, Schema>> = {
  "2026.7": withUndescribed(release2026 as Schema),
  "2024.7": withUndescribed(release2024 as Schema),
};

/** Returns the schema of the configuration of dask and distributed in a release. */
export function daskSchema(release: ReleaseName): Schema {
  return SCHEMAS[release];
}

function withUndescribed({ properties = {} }: Schema): Schema {
  const { distributed = {} } = properties;
  const { logging = {}, "logging-file-config": file = {} } = UNDESCRIBED;
  const more = { logging, "logging-file-config": file };
  return {
    properties: {
      ...UNDESCRIBED,
      ...properties,
      distributed: { ...distributed, properties: { ...more, ...distributed.properties } },
    },
  };
}

/** Returns whether a value fits the schema of a key. */
export function fits(schema: Schema, value: unknown): boolean {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).success;
}

/** Describes the values that a schema allows: `a number above 0 and at most 1, or false`. */
export function describeSchema(schema: Schema): string {
  if (schema.oneOf) return schema.oneOf.map(describeSchema).join(", or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(", ");
  const types = [schema.type ?? "object"].flat();
  const limits = [
    ...(schema.exclusiveMinimum === undefined ? [] : [`above ${schema.exclusiveMinimum}`]),
    ...(schema.minimum === undefined ? [] : [`from ${schema.minimum}`]),
    ...(schema.maximum === undefined ? [] : [`at most ${schema.maximum}`]),
  ].join(" and ");
  return types
    .map((type) => `${NAMES[type] ?? type}${/^(num|int)/.test(type) && limits ? ` ${limits}` : ""}`)
    .join(" or ");
}

const NAMES: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  integer: "a whole number",
  null: "null",
  number: "a number",
  object: "an object",
  string: "a text",
};
