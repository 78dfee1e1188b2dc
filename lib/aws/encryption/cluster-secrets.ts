import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { type ClusterSecretName, secretName } from "../../node/secrets";
import { suppress } from "../account/suppression";
import type { EncryptionKey } from "./encryption-key";

/** Descriptions of the secrets in AWS. */
const DESCRIPTIONS: Readonly<Record<ClusterSecretName, string>> = {
  authority: "key and certificate of the CA; only the scheduler may read it",
  worker: "key and certificate of all workers",
  client: "key and certificate of clients",
  dashboard: "password of the dashboard's user dask",
};

/** Why Secrets Manager does not rotate each secret by an AWS Lambda function. */
const NOT_ROTATED: Readonly<Record<ClusterSecretName, string>> = {
  authority:
    "the scheduler replaces the CA 90 days before it expires, after ten years; no other principal may read it, which includes a function",
  worker:
    "the scheduler renews the certificate 30 days before it expires, after 90 days; a function would need the key of the CA, which only the scheduler may read",
  client:
    "the scheduler renews the certificate 30 days before it expires, after 90 days; a function would need the key of the CA, which only the scheduler may read",
  dashboard:
    "the output rotate_dashboard_password changes it in the secret and in the dashboard proxy; a function could not change it in the proxy",
};

/** Cluster and key of the secrets. */
export interface ClusterSecretsProps {
  /** Cluster with TLS. */
  readonly cluster: ResolvedCluster;
  /** Key that encrypts the secrets. */
  readonly key: EncryptionKey;
}

/**
 * Secrets of a cluster with TLS. They are created empty, and the scheduler writes their values, so the Terraform state does
 * not contain them. They are deleted with the cluster without a recovery window, so that a new cluster can use their names.
 *
 * @example
 * const readClientBundle = { Action: "secretsmanager:GetSecretValue", Resource: dask.secrets?.arns.client };
 */
export class ClusterSecrets extends Construct {
  /** ARNs of the secrets: `authority` is that of the CA. */
  readonly arns: Readonly<Record<ClusterSecretName, string>>;

  constructor(scope: Construct, id: string, { cluster, key }: ClusterSecretsProps) {
    super(scope, id);
    const secret = (name: ClusterSecretName) => {
      const secret = new SecretsmanagerSecret(this, name, {
        name: secretName(cluster, name),
        description: `Dask cluster ${cluster.name}: ${DESCRIPTIONS[name]}`,
        kmsKeyId: key.arn,
        recoveryWindowInDays: 0,
      });
      suppress(secret, "CKV2_AWS_57", NOT_ROTATED[name]);
      return secret.arn;
    };
    this.arns = {
      authority: secret("authority"),
      worker: secret("worker"),
      client: secret("client"),
      dashboard: secret("dashboard"),
    };
  }
}
