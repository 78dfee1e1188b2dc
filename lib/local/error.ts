/** Error that the user can act on; the command prints its message without a stack trace. */
export class LocalStackError extends Error {
  override readonly name = "LocalStackError";

  /** @param details further lines: a hint, the path of a log */
  constructor(sentence: string, ...details: readonly string[]) {
    super([sentence, ...details].join("\n"));
  }
}
