import { stringify } from "yaml";
import { mergeDaskSettings } from "../config/dask/read-settings";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { EXPECTATION_FILE, expectation } from "../node/expectation";
import { clientSettings } from "../node/process-settings";
import { TLS } from "./images";
import type { ComposePool } from "./pools";
import { composeContext } from "./site";

/** Certificate of clients, in the volume; `cdktf_dask.tls.folder` writes it. */
const CLIENT_PEM = (cluster: string) => `${TLS}/.dask/${cluster}/client/client.pem`;

/** Returns what the smoke test reads: Dask's configuration of a client, and what the definition promises. */
export function clientConfig(
  cluster: ResolvedCluster,
  pools: readonly ComposePool[],
): Readonly<Record<string, string>> {
  const pem = CLIENT_PEM(cluster.name);
  const connection = {
    "scheduler-address": composeContext(cluster, "client").schedulerAddress,
    ...(cluster.tls && {
      distributed: {
        comm: { "require-encryption": true, tls: { "ca-file": pem, client: { cert: pem, key: pem } } },
      },
    }),
  };
  const expected = expectation(
    cluster,
    pools.map(({ pool, replicas }) => ({
      pool,
      // The profile of a GPU pool may not be started.
      workers: pool.kind === "cpu" ? replicas * pool.processes : 0,
    })),
  );
  return {
    "dask.yaml": stringify(mergeDaskSettings(connection, clientSettings(cluster))),
    [EXPECTATION_FILE]: `${JSON.stringify(expected, null, 2)}\n`,
  };
}
