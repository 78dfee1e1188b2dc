import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { resolvedText } from "../account/names";

/** Role of the policies. */
export interface ManagedPoliciesProps {
  /** Name of the role. */
  readonly roleName: string;
}

/** Attachments of managed policies to a role, one for each policy. */
export class ManagedPolicies extends Construct {
  private readonly roleName: string;
  private readonly attachments = new Map<string, IamRolePolicyAttachment>();

  constructor(scope: Construct, id: string, { roleName }: ManagedPoliciesProps) {
    super(scope, id);
    this.roleName = roleName;
  }

  /** Returns the attachment of a policy; the first call creates it. */
  attachment(policyArn: string): IamRolePolicyAttachment {
    const id = this.idOf(policyArn);
    const existing = this.attachments.get(id);
    if (existing !== undefined) return existing;
    const attachment = new IamRolePolicyAttachment(this, id, { role: this.roleName, policyArn });
    this.attachments.set(id, attachment);
    return attachment;
  }

  /**
   * Returns the construct id of an attachment, such as `aws-policy-ReadOnlyAccess` for a policy of AWS,
   * `123456789012-policy-read` for one of an account, and `aws_iam_policy-read-arn` for a resource. The text of a token
   * is not suitable, because its number depends on the order of constructs.
   */
  private idOf(policyArn: string): string {
    return resolvedText(this, policyArn)
      .replace(/^arn:[^:]*:iam::/, "")
      .replaceAll(/[^\w-]+/g, "-")
      .replaceAll(/^-+|-+$/g, "");
  }
}
