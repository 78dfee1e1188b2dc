import { z } from "zod";

/**
 * A schema with one more test: `expected` states what is accepted, `hint` what to do with a value that is not. A value that
 * has failed an earlier test is not tested again.
 */
export function refine<T extends z.ZodType>(
  schema: T,
  test: (value: z.output<T>) => boolean,
  expected: string,
  hint: string | ((value: z.output<T>) => string),
): T {
  return schema.check(({ value, issues }) => {
    if (issues.length > 0 || test(value)) return;
    // `continue`, as of a refinement, lets a union report this and not its own sentence.
    const params = { hint: typeof hint === "string" ? hint : hint(value) };
    issues.push({ code: "custom", message: expected, params, input: value, continue: true });
  });
}

/** An object without unknown keys; the error lists the known ones. */
export const object = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === "unrecognized_keys" ? `one of ${Object.keys(shape).join(", ")}` : undefined,
  });

/** A choice between shapes, with one sentence instead of an error for each shape. */
export const oneOf = <const T extends readonly z.ZodType[]>(schemas: T, expected: string) =>
  z.union(schemas, { error: expected });

/** A text of a given spelling. */
export const pattern = (pattern: RegExp, expected: string, hint: string) =>
  refine(z.string(), (value) => pattern.test(value), expected, hint);

/** A whole number in a range. */
export const integer = (from: number, to: number) =>
  refine(
    z.number(),
    (value) => Number.isInteger(value) && value >= from && value <= to,
    `a whole number from ${from} to ${to}`,
    "give a number in that range",
  );
