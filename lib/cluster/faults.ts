/** One thing wrong with a definition, written for the person who has to mend it. */
export interface Fault {
  /** Where in the definition, for example `pools[1].maxSize`. */
  readonly path: string;
  /** The value that was given. */
  readonly value: unknown;
  /** What would have been accepted. */
  readonly allowed: string;
  /** What to do about it. */
  readonly remedy: string;
}

/**
 * Thrown when a definition cannot become a cluster; carries every fault found, not only the first.
 *
 * @example
 * try {
 *   defineCluster({ name: "research", network: { adminSubnets: ["0.0.0.0/0"] } });
 * } catch (error) {
 *   if (error instanceof DefinitionError) console.error(error.faults.map(({ path }) => path));
 * }
 */
export class DefinitionError extends Error {
  /** Every fault of the definition. */
  readonly faults: readonly Fault[];

  constructor(name: unknown, faults: readonly Fault[]) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    const title = typeof name === "string" && name !== "" ? `'${name}'` : "without a name";
    super(`cluster definition ${title} has ${count}:\n${faults.map(describe).join("\n")}`);
    this.name = "DefinitionError";
    this.faults = faults;
  }
}

function describe({ path, value, allowed, remedy }: Fault): string {
  const given = value === undefined ? "nothing" : JSON.stringify(value);
  return `  ${path || "(definition)"}: given ${given}; allowed: ${allowed}; remedy: ${remedy}`;
}
