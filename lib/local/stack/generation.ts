import type { LocalPaths } from "../paths";
import { aliveRun } from "../runtime/running";
import { recordedGeneration } from "./terraform-state";

/**
 * Generation of the cluster for the synthesized stack. It is the one in Terraform's state if that run is alive.
 * Otherwise it is the next one, so that a deployment replaces a cluster that was killed or that a reboot ended.
 *
 * Every stack of an app is synthesized together, so this runs for production stacks too. It never throws: state
 * that cannot be read counts as none.
 *
 * @param stateFile Terraform's state of the stack
 */
export function nextGeneration(stateFile: string, paths: LocalPaths): number {
  const recorded = recordedGeneration(stateFile);
  return recorded > 0 && isAlive(recorded, paths) ? recorded : recorded + 1;
}

function isAlive(generation: number, paths: LocalPaths): boolean {
  try {
    return aliveRun(paths)?.generation === generation;
  } catch {
    return false;
  }
}
