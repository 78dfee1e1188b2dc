import type { Block, Synthesized } from "../support/synthesized";

/** References of Terraform, and the words that replace them in the tests. */
const WORDS: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/\$\{data\.aws_partition\.[^}]+\.partition\}/g, "PARTITION"],
  [/\$\{data\.aws_partition\.[^}]+\.dns_suffix\}/g, "SUFFIX"],
  [/\$\{data\.aws_caller_identity\.[^}]+\.account_id\}/g, "ACCOUNT"],
  [/\$\{aws_kms_key\.[^}]+\.arn\}/g, "KEY"],
  [/\$\{aws_secretsmanager_secret\.\w*secrets_(\w+)_[0-9A-F]{8}\.arn\}/g, "SECRET $1"],
  [/\$\{aws_s3_bucket\.[^}]+\.arn\}/g, "BUCKET"],
  [/\$\{aws_sns_topic\.[^}]+\.arn\}/g, "TOPIC"],
  [/\$\{aws_iam_service_linked_role\.[^}]+\.arn\}/g, "AUTOSCALING"],
  [/\$\{aws_cloudwatch_log_group\.[^}]+\.arn\}/g, "LOG GROUP"],
  [/\$\{aws_iam_role\.[^}]*(scheduler-role)_\w+\.arn\}/g, "ROLE $1"],
];

/** A policy, with words in place of the references of Terraform. */
export function readPolicy(policy: unknown): unknown {
  return JSON.parse(readArn(policy));
}

/** An ARN, with words in place of the references of Terraform. */
export function readArn(arn: unknown): string {
  return WORDS.reduce((text, [pattern, word]) => text.replaceAll(pattern, word), String(arn));
}

/** The inline policies of the role whose resource name contains the text, by name. */
export function policiesOf(stack: Synthesized, role: string): Readonly<Record<string, unknown>> {
  const own = stack
    .resources("aws_iam_role_policy")
    .filter((policy: Block) => String(policy.role).includes(`aws_iam_role.${role}`));
  return Object.fromEntries(own.map(({ name, policy }) => [name, readPolicy(policy)]));
}

/** A policy with these statements, each with the effect Allow. */
export function allowing(...statements: readonly object[]) {
  return {
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
  };
}

/** Policy that lets Session Manager reach an instance in a region. */
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
