import { z } from "zod";

/**
 * Adds a test to a schema. A value that failed an earlier test is not tested.
 *
 * @param expected description of valid values
 * @param hint what to do about an invalid value
 */
export function refine<T extends z.ZodType>(
  schema: T,
  test: (value: z.output<T>) => boolean,
  expected: string,
  hint: string | ((value: z.output<T>) => string),
): T {
  return schema.check(({ value, issues }) => {
    if (issues.length > 0 || test(value)) return;
    // With `continue`, a union reports this issue instead of its own text.
    const params = { hint: typeof hint === "string" ? hint : hint(value) };
    issues.push({ code: "custom", message: expected, params, input: value, continue: true });
  });
}

/** Returns the schema of an object without unknown keys. The error lists the known keys. */
export const object = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === "unrecognized_keys" ? `one of ${Object.keys(shape).join(", ")}` : undefined,
  });

/** Returns the schema of a choice, with one error instead of one for each alternative. */
export const oneOf = <const T extends readonly z.ZodType[]>(schemas: T, expected: string) =>
  z.union(schemas, { error: expected });

/** Returns a schema that applies the one that is chosen for a value, so that its errors have the path of the wrong field. */
export const chosen = (choose: (value: unknown) => z.ZodType) =>
  z.unknown().check((payload) => {
    const { issues } = choose(payload.value)._zod.run(
      { value: payload.value, issues: [] },
      { async: false },
    ) as z.core.ParsePayload;
    payload.issues.push(...issues);
  });

/** Returns the schema of a text that matches a pattern. */
export const pattern = (pattern: RegExp, expected: string, hint: string) =>
  refine(z.string(), (value) => pattern.test(value), expected, hint);

/** Returns the schema of a whole number in a range, both ends included. */
export const integer = (from: number, to: number) =>
  refine(
    z.number(),
    (value) => Number.isInteger(value) && value >= from && value <= to,
    `a whole number from ${from} to ${to}`,
    "give a number in that range",
  );
