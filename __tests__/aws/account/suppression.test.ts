import { readFileSync } from "node:fs";
import { join } from "node:path";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { TerraformStack } from "cdktf";
import { suppress, suppressionsIn } from "../../../lib/aws/account/suppression";
import { SUPPRESSIONS } from "../../../lib/node/reported-suppression";
import { testDirectory } from "../../support/directory";
import { testApp } from "../../support/synthesized";

const directory = testDirectory("suppressions");

const key = () => new KmsKey(new TerraformStack(testApp(), "test"), "key");

test("suppressionsIn returns the suppressions of a construct with resource, check and reason", () => {
  const resource = key();
  suppress(resource, "CKV_AWS_7", "the key is imported");
  suppress(resource, "CKV2_AWS_64", "the account's policy holds");
  expect(suppressionsIn(TerraformStack.of(resource))).toEqual([
    { resource, check: "CKV_AWS_7", reason: "the key is imported" },
    { resource, check: "CKV2_AWS_64", reason: "the account's policy holds" },
  ]);
});

test.each([
  [
    "CKV_AWS",
    "why",
    "test/key: suppressed check: got 'CKV_AWS', expected an id such as CKV_AWS_8 or CKV2_AWS_57",
  ],
  ["*", "why", "test/key: suppressed check: got '*'"],
  ["CKV_AWS_7", " ", "test/key: reason of the suppression of CKV_AWS_7: got ' ', expected a sentence"],
])("rejects a suppression of '%s' with the reason '%s'", (check, reason, message) => {
  expect(() => suppress(key(), check, reason)).toThrow(message);
});

test("suppress appends to the file that the environment names", () => {
  const file = join(directory, "suppressions");
  const resource = key();
  process.env[SUPPRESSIONS] = file;
  try {
    suppress(resource, "CKV_AWS_7", "the key is imported");
  } finally {
    delete process.env[SUPPRESSIONS];
  }
  suppress(resource, "CKV2_AWS_64", "the account's policy holds");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
    stack: "test",
    resource: resource.friendlyUniqueId,
    check: "CKV_AWS_7",
    reason: "the key is imported",
  });
});
