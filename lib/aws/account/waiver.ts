import { TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";

/** Kind of the construct metadata that holds a waiver; cdktf synthesizes nothing of it. */
const WAIVER = "cdktf-dask:waiver";

/** A check of the security policy that a resource may fail. */
export interface Waiver {
  /** Resource that may fail it. */
  readonly resource: TerraformResource;
  /** Checkov's id of the check, such as `CKV2_AWS_57`. */
  readonly check: string;
  /** Why it does not fit the resource, as a sentence for who reviews the cluster. */
  readonly reason: string;
}

/**
 * Excuses a resource from one check of the security policy. It stands beside the resource, so that who changes the
 * one sees the other; `docs/security-policy.md` lists all of them. A waiver that no failed check needs is an error of
 * the policy's test.
 *
 * @throws Error if `check` is no id of Checkov's, or `reason` says nothing
 */
export function waive(resource: TerraformResource, check: string, reason: string): void {
  if (!/^CKV2?_AWS_\d+$/.test(check))
    throw new Error(
      `${resource.node.path}: waived check: got '${check}', expected an id such as CKV_AWS_8 or CKV2_AWS_57. Hint: take it from Checkov's report`,
    );
  if (reason.trim() === "")
    throw new Error(
      `${resource.node.path}: reason of the waiver of ${check}: got '${reason}', expected a sentence. Hint: say why the check does not fit this resource, or fix the resource`,
    );
  resource.node.addMetadata(WAIVER, { check, reason });
}

/** Every waiver of the resources in a construct. */
export function waiversIn(scope: IConstruct): readonly Waiver[] {
  return scope.node
    .findAll()
    .filter((construct) => TerraformResource.isTerraformResource(construct))
    .flatMap((resource) =>
      resource.node.metadata
        .filter(({ type }) => type === WAIVER)
        .map(({ data }) => ({ resource, check: data.check, reason: data.reason })),
    );
}
