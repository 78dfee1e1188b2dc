import { App } from "cdktf";
import { AwsStack, defineCluster } from "cdktf-dask";

// #region definition
const cluster = defineCluster({
  name: "research",
  region: "us-east-1",
  network: { adminSubnets: ["10.8.0.0/16"], zones: ["us-east-1a", "us-east-1b"] },
  autoscaling: { maxNodes: 30, maxHourlyCost: 10, onHung: "stop" },
  // Examples: set the prices of your account.
  prices: { "m7i.large": 0.1, "m7i.2xlarge": 0.38, "m6i.2xlarge": 0.38, "g6.xlarge": 0.8 },
  pools: [
    {
      name: "cpu",
      kind: "cpu",
      instanceTypes: ["m7i.2xlarge", "m6i.2xlarge"],
      minSize: 1,
      maxSize: 30,
      targetDuration: "5 minutes",
      onDemandBase: 1,
      spotPercentage: 80,
    },
    {
      name: "gpu",
      kind: "gpu",
      instanceTypes: ["g6.xlarge"],
      desiredSize: 0,
      maxSize: 8,
      idleTimeout: "10 minutes",
    },
  ],
});
// #endregion

const app = new App();
new AwsStack(app, "research", { cluster });
app.synth();
