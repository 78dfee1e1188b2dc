import type { CheckovVerdict } from "../../lib/cli/policy/checkov";
import { judge } from "../../lib/cli/policy/policy";

const verdict = (check: string, resource: string, passed: boolean): CheckovVerdict => ({
  check,
  resource,
  passed,
  name: `Ensure ${check}`,
});
const suppression = (check: string, resource: string) => ({
  stack: "research",
  check,
  resource,
  reason: "r",
});

const VERDICTS = [
  verdict("CKV_AWS_8", "instance", true),
  verdict("CKV_AWS_18", "bucket", false),
  verdict("CKV_AWS_7", "key", false),
];

test("passes failures that are suppressed", () => {
  const suppressions = [suppression("CKV_AWS_18", "bucket"), suppression("CKV_AWS_7", "key")];
  expect(judge("research", VERDICTS, suppressions)).toBe("research: 1 checks passed, 2 suppressed");
});

test("names failures that are suppressed for another resource or for another check only", () => {
  const suppressions = [suppression("CKV_AWS_18", "key"), suppression("CKV_AWS_8", "bucket")];
  expect(() => judge("research", VERDICTS, suppressions)).toThrow(
    [
      "stack research: got 2 failed checks of the security policy, expected none:",
      "  CKV_AWS_18 bucket: Ensure CKV_AWS_18",
      "  CKV_AWS_7 key: Ensure CKV_AWS_7",
      "Hint: fix the resource; if a check does not fit it, call suppress(resource, check, reason) of cdktf-dask",
    ].join("\n"),
  );
});
