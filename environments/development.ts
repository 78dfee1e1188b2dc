import { defineCluster } from "../lib/config/define";

/**
 * A small CPU cluster that a new account can deploy: two on-demand instances of 2 vCPUs within the quota of 5 (EC2 User
 * Guide, "On-Demand Instance quotas"), without spot instances and GPUs.
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
