import { readFileSync } from "node:fs";

/** Lines of a log that a person is shown: enough for a Python traceback and what led to it. */
const SHOWN_LINES = 20;

/** A failure of the local stack: a sentence that says what to do, and under it the end of a log. */
export class LocalStackError extends Error {
  /** @param log file whose end belongs to the message; read at once, as the file may be removed */
  constructor(sentence: string, log?: string) {
    const tail = log === undefined ? "" : lastLines(log, SHOWN_LINES);
    super(tail === "" ? sentence : `${sentence}\n--- end of ${log}\n${tail}\n---`);
    this.name = "LocalStackError";
  }
}

/** The last lines of a log; nothing where it cannot be read. */
export function lastLines(log: string, count: number): string {
  try {
    return readFileSync(log, "utf8").trimEnd().split("\n").slice(-count).join("\n");
  } catch {
    return "";
  }
}
