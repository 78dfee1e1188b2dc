import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorFromLog } from "../../../lib/local/runtime/error-from-log";
import { testDirectory } from "../../support/directory";

const directory = testDirectory("error-from-log");
const log = join(directory, "log");
const SENTENCE = "cpu--local-0 failed";

test("appends the first error of the log and the path of the log", () => {
  writeFileSync(
    log,
    'starting\nTraceback (most recent call last):\n  File "a.py"\nValueError: got 0 bytes\nended\n',
  );

  expect(errorFromLog(SENTENCE, log).message).toBe(`${SENTENCE}: ValueError: got 0 bytes\nlog: ${log}`);
});

test("appends the last line of a log without errors, and puts the hint before the path", () => {
  writeFileSync(log, "one\nKilled\n\n");

  expect(errorFromLog(SENTENCE, log, "Hint: more memory").message).toBe(
    `${SENTENCE}: Killed\nHint: more memory\nlog: ${log}`,
  );
});

test("names no log that is missing or empty", () => {
  writeFileSync(log, "");

  expect(errorFromLog(SENTENCE, log).message).toBe(SENTENCE);
  expect(errorFromLog(SENTENCE, join(directory, "missing"), "Hint: try again").message).toBe(
    `${SENTENCE}\nHint: try again`,
  );
});
