/** Invalid value of a definition. */
export interface ValidationIssue {
  /** Path in the definition, for example `pools[1].maxSize`. */
  readonly path: string;
  /** Value in the definition; undefined if there is none. */
  readonly value: unknown;
  /** Description of valid values. */
  readonly expected: string;
  /** What to do about it. */
  readonly hint: string;
}

/**
 * Error of an invalid definition. It reports all issues together, one per line.
 *
 * @example
 * try {
 *   defineCluster({ name: "research", network: { adminSubnets: ["0.0.0.0/0"] } });
 * } catch (error) {
 *   if (error instanceof ValidationError) console.error(error.issues.map(({ path }) => path));
 * }
 */
export class ValidationError extends Error {
  /** Every issue of the definition. */
  readonly issues: readonly ValidationIssue[];

  constructor(name: unknown, issues: readonly ValidationIssue[], subject = "cluster definition") {
    const count = issues.length === 1 ? "1 issue" : `${issues.length} issues`;
    const title = typeof name === "string" && name !== "" ? `'${name}'` : "without a name";
    super(`${subject} ${title} has ${count}:\n${issues.map(describe).join("\n")}`);
    this.name = "ValidationError";
    this.issues = issues;
  }
}

function describe({ path, value, expected, hint }: ValidationIssue): string {
  const given = value === undefined ? "nothing" : JSON.stringify(value);
  return `  ${path || "(definition)"}: got ${given}, expected ${expected}. Hint: ${hint}`;
}
