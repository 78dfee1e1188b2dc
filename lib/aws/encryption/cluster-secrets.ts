import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { type ClusterSecretName, secretName } from "../../node/secrets";
import { suppress } from "../account/suppression";
import type { EncryptionKey } from "./encryption-key";

/** What a person reads in the list of secrets. */
const DESCRIPTIONS: Readonly<Record<ClusterSecretName, string>> = {
  authority: "key and certificate that sign all others; the scheduler alone needs it",
  worker: "key and certificate of all workers",
  client: "key and certificate of clients",
  dashboard: "password of the dashboard's user dask",
};

/** Why a function of AWS Lambda, by which Secrets Manager rotates a secret, does not fit them. */
const NOT_ROTATED: Readonly<Record<ClusterSecretName, string>> = {
  authority:
    "the scheduler makes the next one 90 days before this one ends, after ten years; to everyone else, a function that rotates it included, it is closed",
  worker:
    "the scheduler signs the next one 30 days before this one ends, after 90; a function would need the authority, which is closed to it",
  client:
    "the scheduler signs the next one 30 days before this one ends, after 90; a function would need the authority, which is closed to it",
  dashboard:
    "the command in the output rotate_dashboard_password changes it and tells the door at once; a function would leave the door with the old one",
};

/** Decides which secrets there are, and how they are encrypted. */
export interface ClusterSecretsProps {
  /** Cluster whose members prove who they are. */
  readonly cluster: ResolvedCluster;
  /** Key of the cluster. */
  readonly key: EncryptionKey;
}

/**
 * The secrets of a cluster with TLS. They are made empty and filled by the scheduler, so what they hold is never in
 * Terraform's state. They are worth nothing without the cluster and go with it at once, which frees their names.
 *
 * @example
 * const readClientBundle = { Action: "secretsmanager:GetSecretValue", Resource: dask.secrets?.arns.client };
 */
export class ClusterSecrets extends Construct {
  /** ARN of each secret. */
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
