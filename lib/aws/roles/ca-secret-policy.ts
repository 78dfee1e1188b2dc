import { SecretsmanagerSecretPolicy } from "@cdktf/provider-aws/lib/secretsmanager-secret-policy";
import { Construct } from "constructs";
import { policy } from "../account/policy";
import type { ClusterSecrets } from "../encryption/cluster-secrets";
import type { SchedulerRole } from "./scheduler-role";

/** Properties of an `CaSecretPolicy`. */
export interface CaSecretPolicyProps {
  /** Secrets of the cluster. */
  readonly secrets: ClusterSecrets;
  /** Role that alone may use the authority. */
  readonly role: SchedulerRole;
}

/**
 * Keeps the cluster's authority to the scheduler: whoever else reads it could sign himself in for ten years, so not
 * even an administrator's permissions do, unless he takes this policy off first, which is on record.
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
