import { join, resolve } from "node:path";

/** Paths of a local cluster. Everything except the two locks is in `root`. */
export interface LocalPaths {
  /** `<project>/.dask/<cluster>` */
  readonly root: string;
  /** Virtual environment of the release, for scheduler, workers and clients. */
  readonly environment: string;
  /** Virtual environment of uv and supervisor, separate from the packages of the release. */
  readonly tools: string;
  /** uv's cache: with it, a new environment takes seconds. */
  readonly cache: string;
  /** Dask configuration, with a folder for each program. */
  readonly config: string;
  /** With TLS: key, certificate and CA of scheduler and workers, in one file. */
  readonly nodePem: string;
  /** With TLS: folder of a client, with `clientPem` and a `dask.yaml` that refers to it. */
  readonly client: string;
  /** With TLS: key, certificate and CA of clients, in one file. */
  readonly clientPem: string;
  /** Directory in which workers spill. */
  readonly scratch: string;
  readonly logs: string;
  readonly installLog: string;
  readonly supervisorConfig: string;
  readonly supervisorLog: string;
  readonly supervisorPid: string;
  /** Record of the cluster that has started and passed its smoke test. */
  readonly run: string;
  /** Directory of the lock for commands. Not in `root`, because `remove` has this lock while it removes `root`. */
  readonly lock: string;
  /** Directory of the lock for the creation of the environments. */
  readonly environmentLock: string;
  /** What the smoke test expects of the cluster. */
  readonly expectation: string;
}

/**
 * Returns the paths of a local cluster.
 *
 * @param clusterName letters, digits and hyphens, so it is also a name of a directory
 */
export function localPaths(clusterName: string, project = process.cwd()): LocalPaths {
  const root = resolve(project, ".dask", clusterName);
  const logs = join(root, "logs");
  const client = join(root, "client");
  return {
    root,
    environment: join(root, "environment"),
    tools: join(root, "tools"),
    cache: join(root, "cache"),
    config: join(root, "config"),
    nodePem: join(root, "tls", "node.pem"),
    client,
    clientPem: join(client, "client.pem"),
    scratch: join(root, "scratch"),
    logs,
    installLog: join(logs, "install.log"),
    supervisorConfig: join(root, "supervisord.conf"),
    supervisorLog: join(logs, "supervisord.log"),
    supervisorPid: join(root, "supervisord.pid"),
    run: join(root, "run.json"),
    lock: resolve(project, ".dask", ".locks", clusterName),
    environmentLock: resolve(project, ".dask", ".locks", `${clusterName}-environment`),
    expectation: join(root, "expectation.json"),
  };
}
