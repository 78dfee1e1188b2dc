import { join, resolve } from "node:path";

/** Everything that the local stack of a cluster makes; nothing of it lies outside `root`. */
export interface LocalPaths {
  /** `<project>/.dask/<cluster>` */
  readonly root: string;
  /** Virtual environment of the release: what scheduler, workers and clients run in. */
  readonly environment: string;
  /** Virtual environment of uv and the supervisor, kept apart from the release's packages. */
  readonly tools: string;
  /** Downloaded wheels, so that an environment made anew takes seconds. */
  readonly cache: string;
  /** Directory that Dask reads its configuration from. */
  readonly config: string;
  /** With TLS: key, certificate and authority of scheduler and workers, in one file. */
  readonly nodePem: string;
  /** With TLS: what a client is given, which is the next file and a `dask.yaml` that points there. */
  readonly client: string;
  /** The same three of clients. */
  readonly clientPem: string;
  /** Directory below which workers spill. */
  readonly scratch: string;
  readonly logs: string;
  readonly installLog: string;
  readonly supervisorConfig: string;
  readonly supervisorLog: string;
  readonly supervisorPid: string;
  /** The run that has started and passed its smoke test. */
  readonly run: string;
  /** Directory of the lock under which one command at a time works on this stack. Outside `root`: `remove` needs it. */
  readonly lock: string;
  /** Directory of the lock under which the environments are made. */
  readonly environmentLock: string;
  /** What the smoke test expects of the cluster. */
  readonly expectation: string;
}

/** The paths of a cluster's local stack. A cluster's name is a plain word, so it is safe as a directory. */
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
