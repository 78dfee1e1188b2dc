import { defineCluster } from "../../lib/config/define";

/** Cluster with TLS, a setting of Dask, a variable with special characters, and a GPU pool. */
export const cluster = defineCluster({
  name: "composed",
  network: { adminSubnets: ["127.0.0.0/8"] },
  tls: true,
  dask: { "array.chunk-size": "64MiB" },
  environmentVariables: { GREETING: 'it\'s $HOME, ${PATH} & "more"\nlines' },
  pools: [
    { name: "cpu", kind: "cpu", desiredSize: 2, threads: 1, memoryLimit: "512MiB" },
    { name: "gpu", kind: "gpu" },
  ],
});
