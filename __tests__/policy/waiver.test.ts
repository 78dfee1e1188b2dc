import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { TerraformStack } from "cdktf";
import { waive, waiversIn } from "../../lib/aws/account/waiver";
import { testApp } from "../support/synthesized";

const key = () => new KmsKey(new TerraformStack(testApp(), "test"), "key");

test("the waivers of a construct are found again, with resource, check and reason", () => {
  const resource = key();
  waive(resource, "CKV_AWS_7", "the key is imported");
  waive(resource, "CKV2_AWS_64", "the account's policy holds");
  expect(waiversIn(TerraformStack.of(resource))).toEqual([
    { resource, check: "CKV_AWS_7", reason: "the key is imported" },
    { resource, check: "CKV2_AWS_64", reason: "the account's policy holds" },
  ]);
});

test.each([
  [
    "CKV_AWS",
    "why",
    "test/key: waived check: got 'CKV_AWS', expected an id such as CKV_AWS_8 or CKV2_AWS_57",
  ],
  ["*", "why", "test/key: waived check: got '*'"],
  ["CKV_AWS_7", " ", "test/key: reason of the waiver of CKV_AWS_7: got ' ', expected a sentence"],
])("a waiver of '%s' because '%s' is refused", (check, reason, message) => {
  expect(() => waive(key(), check, reason)).toThrow(message);
});
