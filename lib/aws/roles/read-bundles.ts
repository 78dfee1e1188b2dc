import type { Account } from "../account/account";
import type { RoleStatement } from "../account/policy";
import type { ArtifactBucket } from "../artifacts/artifact-bucket";
import type { EncryptionKey } from "../encryption/encryption-key";

/** Where bundles are. */
interface Bundles {
  readonly account: Account;
  readonly key: EncryptionKey;
  readonly artifacts: ArtifactBucket;
}

/**
 * Returns the statements that allow reading bundles, and the use of their key through S3 for this bucket only.
 *
 * @param resource ARN of the objects
 */
export function readBundles(
  { account, key, artifacts }: Bundles,
  resource: string,
): readonly RoleStatement[] {
  return [
    { Action: "s3:GetObject", Resource: resource },
    {
      Action: "kms:Decrypt",
      Resource: key.arn,
      Condition: {
        StringEquals: {
          "kms:ViaService": account.servicePrincipal("s3"),
          "kms:EncryptionContext:aws:s3:arn": artifacts.arn,
        },
      },
    },
  ];
}
