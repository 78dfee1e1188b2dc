import type { z } from "zod";
import type { ClusterDefinition, NetworkDefinition, PoolDefinition } from "./definition";
import { networkFormIssues } from "./network-form";
import { definitionSchema } from "./schema";
import type { ValidationIssue } from "./validation-error";
import { valueAt } from "./value-at";

/** Result of the validation of each field. */
export interface ShapeReport {
  readonly issues: readonly ValidationIssue[];
  /** The definition without its invalid fields. They get their defaults, so the rules can run in the same pass. */
  readonly valid: ClusterDefinition;
}

/** Checks a definition field by field. */
export function checkShape(definition: unknown): ShapeReport {
  const { error } = definitionSchema.safeParse(definition, { error: sentence });
  const form = networkFormIssues(definition);
  const zodIssues = error?.issues ?? [];
  if (zodIssues.length + form.length === 0) return { issues: [], valid: definition as ClusterDefinition };
  return {
    issues: [
      ...zodIssues.flatMap((zodIssue) => issuesOf(zodIssue, definition)),
      ...form.map(({ at, ...issue }) => ({ path: pathText(at), value: valueAt(definition, at), ...issue })),
    ],
    valid: dropInvalid(definition, [...zodIssues.flatMap(invalidPaths), ...form.map(({ at }) => at)]),
  };
}

/** Returns the issues of a value that has another schema than a definition of a cluster. */
export function fieldIssues(schema: z.ZodType, value: unknown): readonly ValidationIssue[] {
  const { error } = schema.safeParse(value, { error: sentence });
  return (error?.issues ?? []).flatMap((zodIssue) => issuesOf(zodIssue, value));
}

type Path = readonly PropertyKey[];

/** Returns the expected value of an issue for which the schema has no text. */
const sentence: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return /^[aeiou]/.test(issue.expected) ? `an ${issue.expected}` : `a ${issue.expected}`;
    case "invalid_value":
      return issue.values.map(String).join(" or ");
    case "invalid_union":
      return issue.discriminator === undefined
        ? undefined
        : `a known ${issue.discriminator}; see the definition's types`;
    case "too_small":
      return `at least ${issue.minimum} of them`;
    case "too_big":
      return `at most ${issue.maximum} of them`;
    default:
      return undefined;
  }
};

function issuesOf(zodIssue: z.core.$ZodIssue, definition: unknown): readonly ValidationIssue[] {
  const issue = (path: Path, hint: string): ValidationIssue => ({
    path: pathText(path),
    value: valueAt(definition, path),
    expected: zodIssue.message,
    hint,
  });
  switch (zodIssue.code) {
    case "unrecognized_keys":
      return zodIssue.keys.map((key) =>
        issue([...zodIssue.path, key], "correct the spelling, or remove the property"),
      );
    case "invalid_key":
      // The issues of the key itself have the text and the hint.
      return zodIssue.issues.flatMap((inner) =>
        issuesOf({ ...inner, path: zodIssue.path } as z.core.$ZodIssue, definition),
      );
    case "custom":
      return [issue(zodIssue.path, String(zodIssue.params?.hint))];
    default:
      return [
        issue(
          zodIssue.path,
          valueAt(definition, zodIssue.path) === undefined ? "add it" : "give a value of that form",
        ),
      ];
  }
}

/** Formats a path as `pools[1].maxSize`. */
function pathText(path: Path): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    "",
  );
}

/** Fields that are also dropped if a field whose path matches the pattern is invalid. `*` stands for each pool. */
const DEPENDENT: readonly (readonly [RegExp, Path])[] = [
  [/^region$/, ["network", "zones"]],
  [/^region$/, ["managedPolicies"]],
  [/^region$/, ["permissionsBoundary"]],
  [/^region$/, ["data", "kmsKeys"]],
  [/^region$/, ["pools", "*", "managedPolicies"]],
  [/^region$/, ["pools", "*", "data", "kmsKeys"]],
  [/^(region$|network\b)/, ["scheduler", "privateAddress"]],
];

function invalidPaths(issue: z.core.$ZodIssue): readonly Path[] {
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

function dropInvalid(definition: unknown, invalid: readonly Path[]): ClusterDefinition {
  const copy = { root: structuredClone(definition) };
  const dependent = DEPENDENT.filter(([pattern]) => invalid.some((path) => pattern.test(pathText(path))));
  const fields = [...invalid, ...dependent.flatMap(([, path]) => inEachPool(path, copy.root))];
  for (const path of fields) remove(copy, ["root", ...path]);
  const { name = "unnamed", network, pools, ...rest } = (copy.root ?? {}) as Partial<ClusterDefinition>;
  return {
    ...rest,
    name,
    network: {
      ...network,
      adminSubnets: network?.adminSubnets ?? ["10.0.0.0/8"],
      ...(valueAt(definition, ["network", "vpcId"]) !== undefined && {
        vpcId: network?.vpcId ?? UNKNOWN_VPC,
      }),
    } as NetworkDefinition,
    ...(pools && { pools: pools.map((pool, index) => withRequired(pool, index)) }),
  };
}

/** Returns a path with the index of each pool in place of `*`. */
function inEachPool(path: Path, definition: unknown): readonly Path[] {
  if (!path.includes("*")) return [path];
  const pools = valueAt(definition, ["pools"]);
  return Array.isArray(pools) ? pools.map((_, index) => path.map((key) => (key === "*" ? index : key))) : [];
}

function withRequired(pool: Partial<PoolDefinition>, index: number): PoolDefinition {
  return { ...pool, name: pool.name ?? `unnamed-${index}`, kind: pool.kind ?? "cpu" } as PoolDefinition;
}

/** Stands for an invalid id of a VPC, so that the rules for an existing network apply. */
const UNKNOWN_VPC = "vpc-00000000";

/** Removes a field. For an element it removes the whole array; only a pool becomes an empty one, so that indexes stay. */
function remove(root: unknown, path: Path): void {
  const element = path.findIndex((key, index) => typeof key === "number" && path[index - 1] !== "pools");
  const field = element === -1 ? [...path] : path.slice(0, element);
  const key = field.pop();
  const parent = valueAt(root, field) as Record<PropertyKey, unknown> | null | undefined;
  if (key === undefined || typeof parent !== "object" || parent === null) return;
  if (Array.isArray(parent)) parent[key as number] = {};
  else delete parent[key];
}
