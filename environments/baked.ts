import { defineCluster } from "../lib/config/define";

/** CPU and GPU pools whose nodes start from AMIs that EC2 Image Builder bakes, so they install nothing at boot. */
export const baked = defineCluster({
  name: "baked",
  region: "eu-central-1",
  network: { adminSubnets: ["10.0.0.0/16"], vpcCidr: "10.40.0.0/16" },
  bakedImages: true,
  pools: [
    { name: "cpu", kind: "cpu", minSize: 0, desiredSize: 1, maxSize: 10, spotPercentage: 100 },
    { name: "gpu", kind: "gpu", minSize: 0, desiredSize: 0, maxSize: 4 },
  ],
  tags: { environment: "baked" },
});
