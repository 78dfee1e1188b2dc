import { DefaultTokenResolver, StringConcat, type TerraformResource, Tokenization } from "cdktf";
import type { IConstruct } from "constructs";

/** Maximum length of a role's name (IAM API Reference, CreateRole). */
export const MAX_ROLE_NAME_LENGTH = 64;

/**
 * Returns the Terraform address of a resource, such as `null_resource.generation`, for `replaceTriggeredBy`. cdktf
 * would write a resource there as `${…}`, which Terraform rejects.
 */
export function nameOf({ terraformResourceType, friendlyUniqueId }: TerraformResource): string {
  return `${terraformResourceType}.${friendlyUniqueId}`;
}

/** Returns a text with the references of Terraform, such as `${aws_kms_key.key.arn}`, in place of the tokens of cdktf. */
export function resolvedText(scope: IConstruct, text: string): string {
  const resolver = new DefaultTokenResolver(new StringConcat());
  return String(Tokenization.resolve(text, { scope, resolver, preparing: false }));
}
