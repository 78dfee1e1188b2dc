import { App } from "cdktf";
import { AwsStack, defineCluster } from "cdktf-dask";

/** AMIs with all packages, baked for this cluster: each kind of node has other contents. */
const images = {
  scheduler: { amiId: "ami-0aaaaaaaaaaaaaaaa" },
  cpu: { amiId: "ami-0bbbbbbbbbbbbbbbb" },
  gpu: { amiId: "ami-0cccccccccccccccc" },
};

const cluster = defineCluster({
  name: "research",
  region: "eu-central-1",
  network: {
    adminSubnets: ["10.8.0.0/16"],
    vpcId: "vpc-0123456789abcdef0",
    privateSubnetIds: ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"],
    internetAccess: false,
  },
  // #region packages
  environment: { index: { url: "https://pypi.company.internal/simple" } },
  scheduler: { image: images.scheduler },
  pools: [
    { name: "cpu", kind: "cpu", image: images.cpu },
    { name: "gpu", kind: "gpu", image: images.gpu },
  ],
  // #endregion
});

const app = new App();
new AwsStack(app, "research", { cluster });
app.synth();
