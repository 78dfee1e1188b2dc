import type { LocalPaths } from "../paths";
import { liveRun } from "../runtime/running";
import { recordedGeneration } from "./terraform-state";

/**
 * Returns the generation for the synthesized stack: that of Terraform's state if its cluster is alive, otherwise the next
 * one, so that a deployment replaces a cluster that was killed or ended with a reboot.
 *
 * All stacks of an app are synthesized together, so this also runs for stacks on AWS. It never throws: an unreadable state
 * counts as no state. Without a recorded cluster it looks at no process.
 *
 * @param stateFile Terraform's state of the stack
 */
export function nextGeneration(stateFile: string, paths: LocalPaths): number {
  const recorded = recordedGeneration(stateFile);
  return recorded > 0 && isAlive(recorded, paths) ? recorded : recorded + 1;
}

function isAlive(generation: number, paths: LocalPaths): boolean {
  try {
    return liveRun(paths)?.generation === generation;
  } catch {
    return false;
  }
}
