import { App } from "cdktf";
import { AwsStack, defineCluster } from "cdktf-dask";

const cluster = defineCluster({ name: "research", network: { adminSubnets: ["10.8.0.0/16"] } });

const app = new App();
new AwsStack(app, "research", { cluster });
app.synth();
