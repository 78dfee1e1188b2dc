import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baked } from "../../environments/baked";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { Synthesized, testApp } from "../support/synthesized";

/**
 * Terraform identifies a resource by its address and replaces a resource whose address changes: a changed line here is
 * a replacement in every deployed cluster. ADDRESSES=write records the addresses after an intended change. `<digest>`
 * stands for the content digest in an address, such as that of an image.
 */
test.each([
  ["baked", baked],
  ["development", development],
  ["production", production],
] as const)("the resources of %s keep their addresses in Terraform", (name, cluster) => {
  const stack = new Synthesized(new AwsStack(testApp(), name, { cluster }));
  const addresses = Object.keys(stack.counts)
    .flatMap((type) => stack.names(type).map((resource) => `${type}.${withoutDigest(resource)}`))
    .sort();
  const file = join(__dirname, `addresses.${name}.txt`);
  if (process.env.ADDRESSES === "write") writeFileSync(file, `${addresses.join("\n")}\n`);
  expect(existsSync(file)).toBe(true);
  expect(addresses).toEqual(readFileSync(file, "utf8").trimEnd().split("\n"));
});

/** A name without its content digest, and without the hash of it at the end. */
function withoutDigest(name: string): string {
  return name.replace(/([_-])[0-9a-f]{12}(?=_)(.*)_[0-9A-F]{8}$/, "$1<digest>$2");
}
