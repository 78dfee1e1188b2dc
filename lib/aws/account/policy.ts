/** Principal of a resource policy, such as `{ AWS: "arn:aws:iam::123456789012:role/name" }`. */
export type Principal = Readonly<Record<string, string>>;

/** Statement of an IAM policy, with the keys of its JSON. */
export interface Statement {
  /** Name of the statement, unique in its policy. */
  readonly Sid?: string;
  /**
   * Whether the statement allows or denies the actions.
   *
   * @default "Allow"
   */
  readonly Effect?: "Allow" | "Deny";
  /** Only in resource policies: IAM rejects it in policies of roles. */
  readonly Principal?: Principal;
  /** Actions, such as `s3:GetObject`. */
  readonly Action: string | readonly string[];
  /** ARNs of the resources. A trust policy has none. */
  readonly Resource?: string | readonly string[];
  /** Condition operators, each with its keys and values. */
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Statement of a policy of a role. The role is its principal. */
export type RoleStatement = Omit<Statement, "Principal">;

/** Returns a policy as JSON. */
export function policy(...statements: readonly Statement[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
  });
}
