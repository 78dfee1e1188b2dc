import { defineCluster } from "../lib/config/define";

/** A cluster on this computer: two CPU workers of one thread each, and a GPU pool if there is a GPU. */
export const local = defineCluster({
  name: "local",
  network: { adminSubnets: ["127.0.0.0/8"] },
  pools: [
    { name: "cpu", kind: "cpu", desiredSize: 2, threads: 1, memoryLimit: "1GiB" },
    { name: "gpu", kind: "gpu" },
  ],
});
