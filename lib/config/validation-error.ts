/** An invalid value of a definition. */
export interface ValidationIssue {
  /** Where in the definition, for example `pools[1].maxSize`. */
  readonly path: string;
  /** The value that was given. */
  readonly value: unknown;
  /** What would have been accepted. */
  readonly expected: string;
  /** What to do about it. */
  readonly hint: string;
}

/**
 * A definition is invalid; all issues are reported together.
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

  constructor(name: unknown, issues: readonly ValidationIssue[]) {
    const count = issues.length === 1 ? "1 issue" : `${issues.length} issues`;
    const title = typeof name === "string" && name !== "" ? `'${name}'` : "without a name";
    super(`cluster definition ${title} has ${count}:\n${issues.map(describe).join("\n")}`);
    this.name = "ValidationError";
    this.issues = issues;
  }
}

function describe({ path, value, expected, hint }: ValidationIssue): string {
  const given = value === undefined ? "nothing" : JSON.stringify(value);
  return `  ${path || "(definition)"}: got ${given}, expected ${expected}. Hint: ${hint}`;
}
