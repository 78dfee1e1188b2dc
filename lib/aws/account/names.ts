import { createHash } from "node:crypto";
import type { TerraformResource } from "cdktf";

/** Most characters of a role's name (IAM API Reference, CreateRole). */
export const MOST_OF_A_ROLE = 64;

/** A name as it is, or where that is too long, its beginning and a digest of the whole. */
export function fitted(name: string, most: number): string {
  if (name.length <= most) return name;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return `${name.slice(0, most - digest.length - 1)}-${digest}`;
}

/**
 * Returns a resource's name in Terraform, such as `null_resource.generation`, for `replaceTriggeredBy`: cdktf writes a
 * resource there as `${…}`, which Terraform rejects.
 */
export function nameOf({ terraformResourceType, friendlyUniqueId }: TerraformResource): string {
  return `${terraformResourceType}.${friendlyUniqueId}`;
}
