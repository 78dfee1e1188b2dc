/** Failure of the local cluster that the user can read: the message has no stack trace. */
export class LocalStackError extends Error {
  override readonly name = "LocalStackError";

  /** @param details further lines: a hint, the path of a log */
  constructor(sentence: string, ...details: readonly string[]) {
    super([sentence, ...details].join("\n"));
  }
}
