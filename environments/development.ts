import { defineCluster } from "../lib/config/define";

/**
 * The smallest cluster on AWS that is worth working with. A new account can deploy it: two on-demand machines of 2 vCPUs,
 * where its quota is 5 (EC2 User Guide, "On-Demand Instance quotas"), no spot and no GPU.
 */
export const development = defineCluster({
  name: "development",
  region: "eu-central-1",
  network: { adminSubnets: ["10.0.0.0/16"] },
  pools: [
    {
      name: "cpu",
      kind: "cpu",
      instanceTypes: ["m7i.large", "m6i.large", "m5.large"],
      minSize: 0,
      desiredSize: 1,
      maxSize: 4,
    },
  ],
  tags: { environment: "development" },
});
