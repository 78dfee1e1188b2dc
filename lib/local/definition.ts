import type { ResolvedCluster } from "../config/resolved-cluster";
import type { LocalPorts } from "./ports";

/** The cluster that a local stack runs. */
export interface LocalDefinition {
  readonly cluster: ResolvedCluster;
  readonly ports: LocalPorts;
  /** Number of the deployment; each replacement of the processes increases it. */
  readonly generation: number;
}

/** Environment variable in which `LocalStack` passes a `LocalDefinition` to its provisioners, as JSON. */
export const DEFINITION_VARIABLE = "CDKTF_DASK_LOCAL";

/** Commands of `runtime/cli.ts`. `npm start` runs `prepare` while Terraform creates its plan; provisioners run the others. */
export type LocalCommand = "prepare" | "install" | "start" | "stop" | "remove";
