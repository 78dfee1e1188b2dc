import type { TerraformResource } from "cdktf";

/** Most characters of a role's name (IAM API Reference, CreateRole). */
export const MAX_ROLE_NAME_LENGTH = 64;

/**
 * Returns a resource's name in Terraform, such as `null_resource.generation`, for `replaceTriggeredBy`: cdktf writes a
 * resource there as `${…}`, which Terraform rejects.
 */
export function nameOf({ terraformResourceType, friendlyUniqueId }: TerraformResource): string {
  return `${terraformResourceType}.${friendlyUniqueId}`;
}
