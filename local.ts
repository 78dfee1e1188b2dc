import { App } from "cdktf";
import { local } from "./environments/local";
import { LocalStack } from "./lib/local/stack/local-stack";

/** App with the stack of `npm start`, which needs no bindings of a provider. `main.ts` adds the other stacks. */
export const app = new App();

new LocalStack(app, "local", { cluster: local });
