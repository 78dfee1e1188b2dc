/** `node scripts/test-summary.mjs DIRECTORY SUITE...`: adds up jest's results; a suite without any is a failure. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [directory, ...suites] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const suite of suites) {
  const path = join(directory, `${suite}.json`);
  const result = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { numTotalTests: 0 };
  const { numPassedTests: passed = 0, numFailedTests: failed = 0, numPendingTests: skipped = 0 } = result;
  // A suite that did not start has failed too, though jest counts no test of it.
  const broken = result.numRuntimeErrorTestSuites || (result.numTotalTests === 0 ? 1 : 0);
  console.log(`${suite}: ${passed} passed, ${failed + broken} failed, ${skipped} skipped`);
  total.passed += passed;
  total.failed += failed + broken;
  total.skipped += skipped;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;
