import { LocalStackError } from "../error";
import { readIfPossible } from "../files";
import { firstError, lastLine } from "./first-error";

/**
 * Error whose cause is in a log: `sentence: cause`, hint, path of the log.
 *
 * @param log path; if it is unreadable or empty, the error has neither cause nor path
 * @param hint what the user can do about it
 */
export function errorFromLog(sentence: string, log: string, hint?: string): LocalStackError {
  const text = readIfPossible(log) ?? "";
  const cause = firstError(text) ?? lastLine(text);
  const hints = hint === undefined ? [] : [hint];
  if (cause === undefined) return new LocalStackError(sentence, ...hints);
  return new LocalStackError(`${sentence}: ${cause}`, ...hints, `log: ${log}`);
}
