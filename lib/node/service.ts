import type { DaskSettings, EnvironmentValue } from "../config/definition";

/**
 * Long-running process of Dask, as data. It is rendered as a systemd unit or as a program of the local supervisor, so
 * both have the same command line.
 *
 * Arguments may contain `${NAME}` for a `NodeFact`. systemd expands this notation itself; other renderers use `expand`.
 */
export interface Service {
  /** Name of the unit or program. */
  readonly name: "dask-scheduler" | "dask-worker" | "dask-cuda-worker";
  /** Description in lists of services. */
  readonly description: string;
  /** Command line; the first word is a path. */
  readonly argv: readonly string[];
  /** Environment variables that the cluster sets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Dask's configuration in the definition. */
  readonly dask: DaskSettings;
  /** Environment variables of the definition, which override `environment`. Renderers do not change their values. */
  readonly variables: Readonly<Record<string, EnvironmentValue>>;
}

/**
 * Fact that is known only on a node: its name (`DASK_HOST`), or the threads of each worker process (`DASK_THREADS`),
 * which are its vCPUs divided by the pool's processes.
 */
export type NodeFact = "DASK_HOST" | "DASK_THREADS";

/** Paths and addresses of services, which differ between AWS and a local cluster. */
export interface ServiceContext {
  /** Directory of the Python environment's commands, such as `/opt/dask/env/bin`. */
  readonly bin: string;
  /** Directory in which workers spill. */
  readonly scratch: string;
  /** Directory that Dask reads its configuration from (`DASK_CONFIG`). */
  readonly config: string;
  /** Address of the scheduler for workers and clients, such as `tls://scheduler.prod.internal:8786`. */
  readonly schedulerAddress: string;
  /**
   * IP address of all listeners.
   *
   * @default - all addresses; Dask announces the one that routes to the scheduler
   */
  readonly listen?: string;
  /** Directory with the files of `python/src/cdktf_dask/preloads`. */
  readonly preloads: string;
  /**
   * Environment variables of every service.
   *
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /** Address of the scheduler's HTTP server, such as `127.0.0.1:8788`. It has no authentication. */
  readonly httpAddress: string;
}

/**
 * Replaces each `${NAME}` in a text by the fact.
 *
 * @throws Error for a name without a value
 */
export function expand(text: string, facts: Readonly<Record<NodeFact, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = (facts as Readonly<Record<string, string | undefined>>)[name];
    if (value === undefined)
      throw new Error(`'${text}' asks for the node fact ${name}, expected ${Object.keys(facts).join(", ")}`);
    return value;
  });
}
