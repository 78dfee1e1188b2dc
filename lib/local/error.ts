import { readIfPossible } from "./files";
import { firstError } from "./first-error";

/** A failure of the local stack: a sentence with what failed and why, a hint, and where the whole log is. */
export class LocalStackError extends Error {
  /**
   * @param log file whose first error is the cause
   * @param hint what the user can do about it
   */
  constructor(sentence: string, log?: string, hint?: string) {
    const cause = log === undefined ? undefined : causeIn(log);
    const lines = [cause === undefined ? sentence : `${sentence}: ${cause}`];
    if (hint !== undefined) lines.push(hint);
    if (cause !== undefined) lines.push(`log: ${log}`);
    super(lines.join("\n"));
    this.name = "LocalStackError";
  }
}

/** The first error of a log, or its last line; nothing where it cannot be read or is empty. */
function causeIn(log: string): string | undefined {
  const text = readIfPossible(log) ?? "";
  return firstError(text) ?? lastLine(text);
}

/** The last line of a text that is not blank. */
export function lastLine(text: string): string | undefined {
  return text.trimEnd().split("\n").at(-1) || undefined;
}
