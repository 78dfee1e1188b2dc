/** Error that the user can act on; the command prints its message without a stack trace. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}
