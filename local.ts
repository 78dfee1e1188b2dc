import { App } from "cdktf";
import { local } from "./environments/local";
import { LocalStack } from "./lib/local/stack/local-stack";

/** App with the stack of `npm start`, without provider bindings. `main.ts` adds the stacks on AWS. */
export const app = new App();

new LocalStack(app, "local", { cluster: local });
