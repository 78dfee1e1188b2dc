import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import { ValidationError, type ValidationIssue } from "../../lib/config/validation-error";

/** The issues that `defineCluster` reports for a definition, or for any other value. */
export function issuesOf(definition: unknown): readonly ValidationIssue[] {
  return issuesIn(() => defineCluster(definition as ClusterDefinition));
}

/** The issues that a function throws. */
export function issuesIn(check: () => unknown): readonly ValidationIssue[] {
  try {
    check();
  } catch (error) {
    if (error instanceof ValidationError) return error.issues;
    throw error;
  }
  return [];
}
