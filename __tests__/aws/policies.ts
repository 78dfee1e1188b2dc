import type { Block, Synthesized } from "../support/synthesized";

/** What Terraform looks up or makes, in the words in which the tests speak of it. */
const WORDS: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/\$\{data\.aws_partition\.[^}]+\.partition\}/g, "PARTITION"],
  [/\$\{data\.aws_partition\.[^}]+\.dns_suffix\}/g, "SUFFIX"],
  [/\$\{data\.aws_caller_identity\.[^}]+\.account_id\}/g, "ACCOUNT"],
  [/\$\{aws_kms_key\.[^}]+\.arn\}/g, "KEY"],
  [/\$\{aws_secretsmanager_secret\.\w*secrets_(\w+)_[0-9A-F]{8}\.arn\}/g, "SECRET $1"],
  [/\$\{aws_s3_bucket\.[^}]+\.arn\}/g, "BUCKET"],
  [/\$\{aws_iam_service_linked_role\.[^}]+\.arn\}/g, "AUTOSCALING"],
  [/\$\{aws_cloudwatch_log_group\.[^}]+\.arn\}/g, "LOG GROUP"],
  [/\$\{aws_iam_role\.[^}]*(scheduler-role)_\w+\.arn\}/g, "ROLE $1"],
];

/** A policy, with words in place of what Terraform looks up or makes. */
export function readPolicy(policy: unknown): unknown {
  return JSON.parse(readArn(policy));
}

/** An ARN, with words in place of what Terraform looks up or makes. */
export function readArn(arn: unknown): string {
  return WORDS.reduce((text, [pattern, word]) => text.replaceAll(pattern, word), String(arn));
}

/** The inline policies of the role whose resource's name holds the text, by their names. */
export function policiesOf(stack: Synthesized, role: string): Readonly<Record<string, unknown>> {
  const own = stack
    .resources("aws_iam_role_policy")
    .filter((policy: Block) => String(policy.role).includes(`aws_iam_role.${role}`));
  return Object.fromEntries(own.map(({ name, policy }) => [name, readPolicy(policy)]));
}

/** A policy whose statements allow. */
export function allowing(...statements: readonly object[]) {
  return {
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
  };
}

/** What lets Session Manager reach a machine of a region. */
export function sessionManager(region: string) {
  return allowing(
    { Action: "ssm:UpdateInstanceInformation", Resource: `arn:PARTITION:ec2:${region}:ACCOUNT:instance/*` },
    {
      Action: [
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
      ],
      Resource: "*",
    },
  );
}
