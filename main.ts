import { App } from "cdktf";
import { baked } from "./environments/baked";
import { development } from "./environments/development";
import { local } from "./environments/local";
import { production } from "./environments/production";
import { AwsStack } from "./lib/aws/aws-stack";
import { LocalStack } from "./lib/local/local-stack";

const app = new App();
new LocalStack(app, "local", local);
new AwsStack(app, "development", development);
new AwsStack(app, "production", production);
new AwsStack(app, "baked", baked);
app.synth();
