import type { ResolvedCluster } from "../config/resolved-cluster";
import type { LocalPorts } from "./ports";

/** What a local stack runs. */
export interface LocalDefinition {
  readonly cluster: ResolvedCluster;
  readonly ports: LocalPorts;
  /** Number of the deployment. */
  readonly generation: number;
}

/** Variable in which `LocalStack` hands a `LocalDefinition` to its provisioners, as JSON. */
export const DEFINITION = "CDKTF_DASK_LOCAL";

/** What `LocalStack` asks of its provisioners; `npm start` asks to `prepare` while Terraform makes its plan. */
export type Verb = "prepare" | "install" | "start" | "stop" | "remove";
