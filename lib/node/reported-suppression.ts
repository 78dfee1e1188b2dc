/**
 * Environment variable with the path of a file to which each suppression of the app is appended as a line of JSON. The command
 * `policy` runs the app of the user with it.
 */
export const SUPPRESSIONS = "CDKTF_DASK_SUPPRESSIONS";

/** Checkov check that a resource of a stack may fail. */
export interface ReportedSuppression {
  /** Name of the stack. */
  readonly stack: string;
  /** Name of the resource in Terraform, without its type. */
  readonly resource: string;
  /** Id such as `CKV2_AWS_57`. */
  readonly check: string;
  readonly reason: string;
}
