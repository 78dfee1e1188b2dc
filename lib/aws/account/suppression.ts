import { TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";

/** Kind of the construct metadata that holds a suppression; cdktf synthesizes nothing of it. */
const SUPPRESSION = "cdktf-dask:suppression";

/** A check of the security policy that a resource may fail. */
export interface CheckovSuppression {
  /** Resource that may fail it. */
  readonly resource: TerraformResource;
  /** Checkov's id of the check, such as `CKV2_AWS_57`. */
  readonly check: string;
  /** Why it does not fit the resource, as a sentence for who reviews the cluster. */
  readonly reason: string;
}

/**
 * Excuses a resource from one check of the security policy. It stands beside the resource, so that who changes the
 * one sees the other; `docs/security-policy.md` lists all of them. A suppression that no failed check needs is an error of
 * the policy's test.
 *
 * @throws Error if `check` is no id of Checkov's, or `reason` says nothing
 */
export function suppress(resource: TerraformResource, check: string, reason: string): void {
  if (!/^CKV2?_AWS_\d+$/.test(check))
    throw new Error(
      `${resource.node.path}: suppressed check: got '${check}', expected an id such as CKV_AWS_8 or CKV2_AWS_57. Hint: take it from Checkov's report`,
    );
  if (reason.trim() === "")
    throw new Error(
      `${resource.node.path}: reason of the suppression of ${check}: got '${reason}', expected a sentence. Hint: say why the check does not fit this resource, or fix the resource`,
    );
  resource.node.addMetadata(SUPPRESSION, { check, reason });
}

/** Every suppression of the resources in a construct. */
export function suppressionsIn(scope: IConstruct): readonly CheckovSuppression[] {
  return scope.node
    .findAll()
    .filter((construct) => TerraformResource.isTerraformResource(construct))
    .flatMap((resource) =>
      resource.node.metadata
        .filter(({ type }) => type === SUPPRESSION)
        .map(({ data }) => ({ resource, check: data.check, reason: data.reason })),
    );
}
