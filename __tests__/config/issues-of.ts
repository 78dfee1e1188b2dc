import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import { ValidationError, type ValidationIssue } from "../../lib/config/validation-error";

/** What `defineCluster` finds wrong with a definition, or with anything else. */
export function issuesOf(definition: unknown): readonly ValidationIssue[] {
  return faultsIn(() => defineCluster(definition as ClusterDefinition));
}

/** The issues that a function throws. */
export function faultsIn(check: () => unknown): readonly ValidationIssue[] {
  try {
    check();
  } catch (error) {
    if (error instanceof ValidationError) return error.issues;
    throw error;
  }
  return [];
}
