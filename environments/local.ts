import { defineCluster } from "../lib/config/define";

/**
 * A cluster on this computer: a pool of one to three nodes with a thread each, and a GPU pool if there is a GPU. A node starts
 * in seconds here, so that pools follow the work faster than by default.
 */
export const local = defineCluster({
  name: "local",
  network: { adminSubnets: ["127.0.0.0/8"] },
  pools: [
    {
      name: "cpu",
      kind: "cpu",
      minSize: 1,
      desiredSize: 2,
      maxSize: 3,
      threads: 1,
      memoryLimit: "1GiB",
      idleTimeout: "1 minute",
      targetDuration: "20 seconds",
    },
    { name: "gpu", kind: "gpu", maxSize: 1, idleTimeout: "1 minute" },
  ],
});
