import { SecretsmanagerSecretPolicy } from "@cdktf/provider-aws/lib/secretsmanager-secret-policy";
import { Construct } from "constructs";
import { policy } from "../account/policy";
import type { ClusterSecrets } from "../encryption/cluster-secrets";
import type { SchedulerRole } from "./scheduler-role";

/** Secret of the CA, and the only role that may read it. */
export interface CaSecretPolicyProps {
  /** Secrets of the cluster. */
  readonly secrets: ClusterSecrets;
  /** Role that may read and write the secret. */
  readonly role: SchedulerRole;
}

/**
 * Policy that denies access to the CA's secret to all principals but the scheduler's role. The key of the CA can sign
 * client certificates for ten years. Administrators have to remove this policy before they can read it, which
 * CloudTrail records.
 */
export class CaSecretPolicy extends Construct {
  constructor(scope: Construct, id: string, { secrets, role }: CaSecretPolicyProps) {
    super(scope, id);
    new SecretsmanagerSecretPolicy(this, "Resource", {
      secretArn: secrets.arns.authority,
      blockPublicPolicy: true,
      policy: policy({
        Sid: "TheSchedulerAlone",
        Effect: "Deny",
        Principal: { AWS: "*" },
        Action: ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        Resource: "*",
        Condition: { ArnNotEquals: { "aws:PrincipalArn": role.arn } },
      }),
    });
  }
}
