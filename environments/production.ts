import { defineCluster } from "../lib/config/define";

/** CPU and GPU pools in two zones, each with a NAT gateway. */
export const production = defineCluster({
  name: "production",
  region: "eu-central-1",
  network: {
    adminSubnets: ["10.0.0.0/16", "192.168.10.0/24"],
    vpcCidr: "10.30.0.0/16",
    zones: ["eu-central-1a", "eu-central-1b"],
    nat: "per-zone",
  },
  scheduler: { instanceType: "m7i.xlarge", diskGiB: 100 },
  pools: [
    {
      name: "cpu",
      kind: "cpu",
      instanceTypes: ["m6id.4xlarge", "m5d.4xlarge", "r6id.4xlarge"],
      minSize: 2,
      desiredSize: 2,
      maxSize: 40,
      spotPercentage: 80,
    },
    {
      name: "gpu",
      kind: "gpu",
      instanceTypes: ["g6.2xlarge", "g5.2xlarge"],
      minSize: 0,
      desiredSize: 1,
      maxSize: 8,
      spotPercentage: 50,
    },
  ],
  tags: { environment: "production" },
});
