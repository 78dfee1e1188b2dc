import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { packageFile } from "../node/package-file";
import { clientConfig, RELOAD, reloadScript } from "./dask-config";
import { replaceFile } from "./files";
import { pythonModule } from "./python-module";
import { run, type Task } from "./task";

/** Seconds for two signatures, most of them for Python to start. */
const TIMEOUT = 60;

/**
 * Makes the certificates of a cluster with TLS and the bundle of its clients, all by an authority of this start, in
 * directories that this user alone may enter; without TLS, takes those of an earlier start away.
 *
 * @throws LocalStackError when Python cannot make them
 */
export async function makeCertificates(
  task: Task,
  cluster: ResolvedCluster,
  schedulerAddress: string,
): Promise<void> {
  const { nodePem, client, clientPem, tools } = task.paths;
  for (const directory of [dirname(nodePem), client]) rmSync(directory, { recursive: true, force: true });
  if (!cluster.tls) return;
  for (const directory of [dirname(nodePem), client]) mkdirSync(directory, { mode: 0o700 });
  const { argv, env } = pythonModule(join(tools, "bin", "python"), "certificates");
  await run(task, [...argv, cluster.name, nodePem, clientPem], {
    failure: "the cluster's certificates cannot be made",
    timeout: TIMEOUT,
    env,
  });
  replaceFile(join(client, "dask.yaml"), clientConfig(task.paths, schedulerAddress));
  replaceFile(reloadScript(task.paths), packageFile(`cloud-init/${RELOAD}`));
}
