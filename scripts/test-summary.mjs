/**
 * `node scripts/test-summary.mjs DIRECTORY SUITE...`: prints the messages of failed tests of jest (`SUITE.json`) and pytest
 * (`SUITE.xml`), and adds up the results. A suite without results is a failure.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Readers of the reports, by file name extension. */
const READERS = { json: jest, xml: pytest };

/** Lines of a failed test's message that are printed. */
const MESSAGE_LINES = 15;

/** Counts of jest's JSON report, and the messages of failed tests. */
function jest(report) {
  const result = JSON.parse(report);
  const failures = result.testResults.flatMap(({ name, message, assertionResults }) => {
    const tests = assertionResults.filter(({ status }) => status === "failed");
    // A test file that did not start has a message, and no test.
    return tests.length > 0 || message === ""
      ? tests.map(({ fullName, failureMessages }) => [fullName, failureMessages.join("\n")])
      : [[name, message]];
  });
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = result;
  // A test file that did not start has failed too, but jest counts no test of it.
  const end = Math.max(...result.testResults.map(({ endTime }) => endTime));
  const seconds = (end - result.startTime) / 1000;
  return { passed, failed: failed + result.numRuntimeErrorTestSuites, skipped, seconds, failures };
}

/** Counts of pytest's JUnit XML report, and the messages of failed tests. */
function pytest(report) {
  const count = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="([\\d.]+)"`).exec(report)?.[1]);
  const failed = count("failures") + count("errors");
  const [skipped, seconds] = [count("skipped"), count("time")];
  const failures = [
    ...report.matchAll(/<testcase [^>]*\bname="([^"]*)"[^>]*><(?:failure|error) message="([^"]*)"/g),
  ];
  return {
    passed: count("tests") - failed - skipped,
    failed,
    skipped,
    seconds,
    failures: failures.map(([, name, message]) => [unescapeXml(name), unescapeXml(message)]),
  };
}

/** Text of an attribute in XML. */
function unescapeXml(text) {
  const entities = { "&quot;": '"', "&lt;": "<", "&gt;": ">", "&#10;": "\n", "&apos;": "'", "&amp;": "&" };
  return text.replaceAll(/&(quot|lt|gt|#10|apos|amp);/g, (entity) => entities[entity]);
}

/** Counts of a suite, one failure if it has no results. */
function resultsOf(suite) {
  for (const [extension, read] of Object.entries(READERS)) {
    const path = join(directory, `${suite}.${extension}`);
    if (!existsSync(path)) continue;
    const counts = read(readFileSync(path, "utf8"));
    if (counts.passed + counts.failed + counts.skipped > 0) return counts;
  }
  return { passed: 0, failed: 1, skipped: 0, seconds: 0, failures: [[suite, "it has no results"]] };
}

const show = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;
const [directory, ...suites] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
const results = suites.map((suite) => [suite, resultsOf(suite)]);
for (const [suite, { failures }] of results) {
  for (const [name, message] of failures)
    console.log(`${suite}: FAILED ${name}\n${message.split("\n").slice(0, MESSAGE_LINES).join("\n")}\n`);
}
for (const [suite, counts] of results) {
  console.log(`${suite}: ${show(counts)} in ${counts.seconds.toFixed(0)} s`);
  for (const name of Object.keys(total)) total[name] += counts[name];
}
console.log(show(total));
process.exitCode = total.failed === 0 ? 0 : 1;
