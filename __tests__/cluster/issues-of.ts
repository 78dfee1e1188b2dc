import { defineCluster } from "../../lib/cluster/define";
import type { ClusterDefinition } from "../../lib/cluster/definition";
import { ValidationError, type ValidationIssue } from "../../lib/cluster/validation-error";

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
