/**
 * A long-running process of Dask's, as data. Renderers lower it to a systemd unit or to a program of the
 * local supervisor, so the command line tried on a laptop is the one that runs in production.
 *
 * Arguments and environment values may hold `${NAME}`: a fact that only the machine knows (`NodeFact`). The
 * notation is systemd's own; other renderers put the value in.
 */
export interface Service {
  /** Name of the unit or program. */
  readonly name: "dask-scheduler" | "dask-worker" | "dask-cuda-worker";
  /** What a person reads in a list of services. */
  readonly description: string;
  /** Command line; the first word is a path. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * What only the machine knows: its name (`DASK_HOST`), and the threads of each worker process (`DASK_THREADS`), which
 * are its vCPUs divided by the pool's processes.
 */
export type NodeFact = "DASK_HOST" | "DASK_THREADS";

/** Where a service runs: what differs between a machine on AWS and this one. */
export interface ServiceContext {
  /** Directory of the environment's commands, such as `/opt/dask/env/bin`. */
  readonly bin: string;
  /** Directory below which workers spill. */
  readonly scratch: string;
  /** Directory that Dask reads its configuration from (`DASK_CONFIG`). */
  readonly config: string;
  /** Address that workers and clients give for the scheduler, such as `tls://scheduler.prod.internal:8786`. */
  readonly schedulerAddress: string;
  /**
   * Interface address that every listener is bound to.
   *
   * @default - all of them, so that Dask announces the address that routes to the scheduler
   */
  readonly listen?: string;
  /**
   * Dask's preload that takes renewed certificates, in a cluster with TLS.
   *
   * @default - none
   */
  readonly reload?: string;
  /** Where Dask's own HTTP server of the scheduler listens, such as `127.0.0.1:8788`. It asks nobody who he is. */
  readonly httpAddress: string;
}

/** Puts machine facts into a text in place of `${NAME}`; a name without a value is an error. */
export function expand(text: string, facts: Readonly<Record<NodeFact, string>>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = (facts as Readonly<Record<string, string | undefined>>)[name];
    if (value === undefined)
      throw new Error(
        `'${text}' asks for the machine fact ${name}, expected ${Object.keys(facts).join(", ")}`,
      );
    return value;
  });
}
