import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { replaceFile } from "../files";
import { clientConfig } from "./dask-config";
import { pythonModule } from "./python-module";
import { runCommand, type StepContext } from "./run-command";

/** Seconds for two certificates; most of the time Python starts. */
const TIMEOUT_SECONDS = 60;

/**
 * Creates a CA, the certificates of a cluster with TLS and the bundle of its clients, in directories that only this user
 * can enter. Without TLS, removes those of an earlier start.
 *
 * @throws LocalStackError if Python cannot create them
 */
export async function makeCertificates(
  context: StepContext,
  cluster: ResolvedCluster,
  schedulerAddress: string,
): Promise<void> {
  const { nodePem, client, clientPem, environment } = context.paths;
  for (const directory of [dirname(nodePem), client]) rmSync(directory, { recursive: true, force: true });
  if (!cluster.tls) return;
  for (const directory of [dirname(nodePem), client]) mkdirSync(directory, { mode: 0o700 });
  const { argv, env } = pythonModule(join(environment, "bin", "python"), "tls");
  await runCommand(context, [...argv, cluster.name, nodePem, clientPem], {
    failure: "the certificates of the cluster cannot be created",
    timeout: TIMEOUT_SECONDS,
    env,
  });
  replaceFile(join(client, "dask.yaml"), clientConfig(cluster, context.paths, schedulerAddress));
}
