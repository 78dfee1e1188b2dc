/** Principal of a resource policy, such as `{ AWS: "arn:aws:iam::123456789012:role/name" }`. */
export type Principal = Readonly<Record<string, string>>;

/** Statement of an IAM policy, with the keys of its JSON. */
export interface Statement {
  readonly Sid?: string;
  /** @default "Allow" */
  readonly Effect?: "Allow" | "Deny";
  /** Only in resource policies: IAM rejects it in policies of roles. */
  readonly Principal?: Principal;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
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
