import { App } from "cdktf";
import { AwsStack } from "cdktf-dask";
import { clusterOf, ENVIRONMENTS } from "./environments";

const app = new App();
for (const environment of ENVIRONMENTS) new AwsStack(app, environment, { cluster: clusterOf(environment) });
app.synth();
