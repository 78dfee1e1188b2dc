import { baked } from "./environments/baked";
import { development } from "./environments/development";
import { production } from "./environments/production";
import { AwsStack } from "./lib/aws/aws-stack";
import { app } from "./local";

new AwsStack(app, "development", development);
new AwsStack(app, "production", production);
new AwsStack(app, "baked", baked);
app.synth();
