import type { TerraformResource } from "cdktf";

/** Maximum length of a role's name (IAM API Reference, CreateRole). */
export const MAX_ROLE_NAME_LENGTH = 64;

/**
 * Returns the Terraform address of a resource, such as `null_resource.generation`, for `replaceTriggeredBy`. cdktf
 * would write a resource there as `${…}`, which Terraform rejects.
 */
export function nameOf({ terraformResourceType, friendlyUniqueId }: TerraformResource): string {
  return `${terraformResourceType}.${friendlyUniqueId}`;
}
