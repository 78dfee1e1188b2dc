import { defineCluster } from "../../lib/cluster/define";
import type { ClusterDefinition } from "../../lib/cluster/definition";
import { DefinitionError, type Fault } from "../../lib/cluster/faults";

/** What `defineCluster` finds wrong with a definition, or with anything else. */
export function faultsOf(definition: unknown): readonly Fault[] {
  return faultsIn(() => defineCluster(definition as ClusterDefinition));
}

/** The faults that a function throws. */
export function faultsIn(check: () => unknown): readonly Fault[] {
  try {
    check();
  } catch (error) {
    if (error instanceof DefinitionError) return error.faults;
    throw error;
  }
  return [];
}
