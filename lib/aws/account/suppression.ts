import { appendFileSync } from "node:fs";
import { TerraformResource, TerraformStack } from "cdktf";
import type { IConstruct } from "constructs";
import { type ReportedSuppression, SUPPRESSIONS } from "../../node/reported-suppression";

/** Type of the construct metadata of suppressions. It is not in the synthesized JSON. */
const SUPPRESSION = "cdktf-dask:suppression";

/** Checkov check that a resource may fail. */
export interface CheckovSuppression {
  /** Resource that may fail the check. */
  readonly resource: TerraformResource;
  /** Id of the check, such as `CKV2_AWS_57`. */
  readonly check: string;
  /** Why the check does not fit the resource, for security reviews. */
  readonly reason: string;
}

/**
 * Suppresses a Checkov check of a resource. `docs/security-policy.md` lists all suppressions; `npm run test:policy`
 * fails for one without a failed check. The command `cdktf-dask policy` does not report the check.
 *
 * @example
 * import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
 *
 * const bucket = new S3Bucket(stack, "results", { bucketPrefix: "results-" });
 * suppress(bucket, "CKV_AWS_18", "only deployments write objects, and CloudTrail records them");
 *
 * @throws Error if `check` is not an id of a check, or `reason` is empty
 */
export function suppress(resource: TerraformResource, check: string, reason: string): void {
  if (!/^CKV2?_AWS_\d+$/.test(check))
    throw new Error(
      `${resource.node.path}: suppressed check: got '${check}', expected an id such as CKV_AWS_8 or CKV2_AWS_57. Hint: copy it from Checkov's report`,
    );
  if (reason.trim() === "")
    throw new Error(
      `${resource.node.path}: reason of the suppression of ${check}: got '${reason}', expected a sentence. Hint: state why the check does not fit this resource, or fix the resource`,
    );
  resource.node.addMetadata(SUPPRESSION, { check, reason });
  report(resource, check, reason);
}

/** Appends a suppression to the file that the environment names. */
function report(resource: TerraformResource, check: string, reason: string): void {
  const file = process.env[SUPPRESSIONS];
  if (file === undefined) return;
  const stack = TerraformStack.of(resource).node.id;
  const suppression: ReportedSuppression = { stack, resource: resource.friendlyUniqueId, check, reason };
  appendFileSync(file, `${JSON.stringify(suppression)}\n`);
}

/** Returns all suppressions of the resources in a construct. */
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
