/**
 * `node scripts/test-summary.mjs DIRECTORY SUITE...`: adds up the results of jest (`SUITE.json`) and pytest (`SUITE.xml`). A
 * suite without results is a failure.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Readers of the reports, by file name extension. */
const READERS = { json: jest, xml: pytest };

/** Counts of jest's JSON report. */
function jest(report) {
  const result = JSON.parse(report);
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = result;
  // A test file that did not start has failed too, but jest counts no test of it.
  const end = Math.max(...result.testResults.map(({ endTime }) => endTime));
  const seconds = (end - result.startTime) / 1000;
  return { passed, failed: failed + result.numRuntimeErrorTestSuites, skipped, seconds };
}

/** Counts of pytest's JUnit XML report. */
function pytest(report) {
  const count = (name) => Number(new RegExp(`<testsuite [^>]*\\b${name}="([\\d.]+)"`).exec(report)?.[1]);
  const failed = count("failures") + count("errors");
  const [skipped, seconds] = [count("skipped"), count("time")];
  return { passed: count("tests") - failed - skipped, failed, skipped, seconds };
}

/** Counts of a suite, one failure if it has no results. */
function resultsOf(suite) {
  for (const [extension, read] of Object.entries(READERS)) {
    const path = join(directory, `${suite}.${extension}`);
    if (!existsSync(path)) continue;
    const counts = read(readFileSync(path, "utf8"));
    if (counts.passed + counts.failed + counts.skipped > 0) return counts;
  }
  return { passed: 0, failed: 1, skipped: 0, seconds: 0 };
}

const show = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;
const [directory, ...suites] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const suite of suites) {
  const counts = resultsOf(suite);
  console.log(`${suite}: ${show(counts)} in ${counts.seconds.toFixed(0)} s`);
  for (const name of Object.keys(total)) total[name] += counts[name];
}
console.log(show(total));
process.exitCode = total.failed === 0 ? 0 : 1;
