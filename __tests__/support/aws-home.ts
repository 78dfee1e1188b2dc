import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { MockAws } from "./mock-aws/mock-aws";

/** Region of the buckets. */
export const REGION = "eu-central-1";

/**
 * Makes a home directory whose AWS configuration has credentials, and the endpoint of the mock AWS. It stands for that of a
 * user.
 */
export function awsHome(directory: string, { endpoint }: MockAws): string {
  const home = join(directory, "home");
  mkdirSync(join(home, ".aws"), { recursive: true });
  const lines = [
    "[default]",
    `region = ${REGION}`,
    `endpoint_url = ${endpoint}`,
    "aws_access_key_id = mock",
    "aws_secret_access_key = mock",
  ];
  writeFileSync(join(home, ".aws", "config"), `${lines.join("\n")}\n`);
  return home;
}

/** Creates a bucket. */
export function createBucket(mockAws: MockAws, name: string): void {
  mockAws.call(REGION, "s3", "create_bucket", {
    Bucket: name,
    CreateBucketConfiguration: { LocationConstraint: REGION },
  });
}
