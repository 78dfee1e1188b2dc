import type { z } from "zod";
import type { ClusterDefinition, PoolDefinition } from "./definition";
import type { Fault } from "./faults";
import { definitionSchema } from "./schema";

/** What the schema says of a definition. */
export interface ShapeReport {
  readonly faults: readonly Fault[];
  /**
   * The definition without its faulty fields, whose places defaults take; so rules over several fields can still
   * speak, and every fault is told at once.
   */
  readonly sound: ClusterDefinition;
}

/** Checks a definition field by field. */
export function checkShape(definition: unknown): ShapeReport {
  const { error } = definitionSchema.safeParse(definition, { error: sentence });
  if (error === undefined) return { faults: [], sound: definition as ClusterDefinition };
  return {
    faults: error.issues.flatMap((issue) => faultsOf(issue, definition)),
    sound: salvage(definition, error.issues),
  };
}

type Path = readonly PropertyKey[];

/** What is allowed, where the schema itself has no sentence for it. */
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

function faultsOf(issue: z.core.$ZodIssue, definition: unknown): readonly Fault[] {
  const fault = (path: Path, remedy: string): Fault => ({
    path: pathText(path),
    value: valueAt(definition, path),
    allowed: issue.message,
    remedy,
  });
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) =>
        fault([...issue.path, key], "correct the spelling, or take the property out"),
      );
    case "invalid_key":
      // The schema of the keys complains one level down; its sentence and remedy are the ones to show.
      return issue.issues.flatMap((inner) =>
        faultsOf({ ...inner, path: issue.path } as z.core.$ZodIssue, definition),
      );
    case "custom":
      return [fault(issue.path, String(issue.params?.remedy))];
    default:
      return [
        fault(
          issue.path,
          valueAt(definition, issue.path) === undefined ? "add it" : "give a value of that form",
        ),
      ];
  }
}

/** `pools[1].maxSize` */
function pathText(path: Path): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`,
    "",
  );
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
}

/** Fields whose rules make no sense without another field, whose path the pattern matches. */
const DEPENDENT: readonly (readonly [RegExp, Path])[] = [
  [/^region$/, ["network", "zones"]],
  [/^(region$|network\b)/, ["scheduler", "privateAddress"]],
];

function salvage(definition: unknown, issues: readonly z.core.$ZodIssue[]): ClusterDefinition {
  const copy = { root: structuredClone(definition) };
  const faulty = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path],
  );
  const dependent = DEPENDENT.filter(([pattern]) => faulty.some((path) => pattern.test(pathText(path))));
  for (const path of [...faulty, ...dependent.map(([, path]) => path)]) remove(copy, ["root", ...path]);
  const { name = "unnamed", network, pools, ...rest } = (copy.root ?? {}) as Partial<ClusterDefinition>;
  return {
    ...rest,
    name,
    network: { ...network, adminSubnets: network?.adminSubnets ?? ["10.0.0.0/8"] },
    ...(pools && { pools: pools.map((pool, index) => complete(pool, index)) }),
  };
}

function complete(pool: Partial<PoolDefinition>, index: number): PoolDefinition {
  return { ...pool, name: pool.name ?? `unnamed-${index}`, kind: pool.kind ?? "cpu" } as PoolDefinition;
}

/** Takes a field out; with an element goes its whole array, but a pool leaves an empty one, so that places stay. */
function remove(root: unknown, path: Path): void {
  const element = path.findIndex((key, index) => typeof key === "number" && path[index - 1] !== "pools");
  const field = element === -1 ? [...path] : path.slice(0, element);
  const key = field.pop();
  const parent = valueAt(root, field) as Record<PropertyKey, unknown> | null | undefined;
  if (key === undefined || typeof parent !== "object" || parent === null) return;
  if (Array.isArray(parent)) parent[key as number] = {};
  else delete parent[key];
}
