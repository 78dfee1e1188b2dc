import { defineCluster } from "../lib/cluster/define";

/** The smallest cluster on AWS that is worth working with: one CPU pool, spot machines, one NAT gateway. */
export const development = defineCluster({
  name: "development",
  region: "eu-central-1",
  network: { adminSubnets: ["10.0.0.0/16"] },
  pools: [{ name: "cpu", kind: "cpu", minSize: 0, desiredSize: 1, maxSize: 4, spotPercentage: 100 }],
  tags: { environment: "development" },
});
