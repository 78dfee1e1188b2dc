import { baked } from "./environments/baked";
import { development } from "./environments/development";
import { production } from "./environments/production";
import { AwsStack } from "./lib/aws/aws-stack";
import { app } from "./local";

new AwsStack(app, "development", { cluster: development });
new AwsStack(app, "production", { cluster: production });
new AwsStack(app, "baked", { cluster: baked });
app.synth();
