import { existsSync, readFileSync } from "node:fs";
import type { LocalPaths } from "./paths";
import { isAlive } from "./processes";

/**
 * Number of the run that Terraform should find. It is the one in Terraform's state while that run is alive; else
 * the next, so that a deployment replaces a cluster that was killed, or that a reboot has ended.
 *
 * @param stateFile the stack's local state
 * @param resource name of the `terraform_data` whose trigger holds the number
 */
export function nextGeneration(stateFile: string, resource: string, paths: LocalPaths): number {
  const recorded = recordedGeneration(stateFile, resource);
  return recorded > 0 && isAlive(paths) ? recorded : recorded + 1;
}

interface State {
  readonly resources: readonly {
    readonly type: string;
    readonly name: string;
    readonly instances: readonly {
      readonly attributes: {
        readonly triggers_replace?: { readonly value?: { readonly generation?: number } };
      };
    }[];
  }[];
}

function recordedGeneration(stateFile: string, resource: string): number {
  if (!existsSync(stateFile)) return 0;
  const { resources = [] } = JSON.parse(readFileSync(stateFile, "utf8")) as Partial<State>;
  const found = resources.find(({ type, name }) => type === "terraform_data" && name === resource);
  return found?.instances[0]?.attributes.triggers_replace?.value?.generation ?? 0;
}
