// The app of cdktf.json: compiles the project, unless the caller already has, and synthesizes it. `synth.mjs local` synthesizes
// only the local stack.

import { compile } from "./compile.mjs";
import { LOCAL } from "./main.mjs";
import { firstMissing } from "./packages.mjs";

const onlyLocal = process.argv[2] === LOCAL;

try {
  if (process.env.CDKTF_DASK_COMPILED === undefined) compile();
} catch (error) {
  const missing = firstMissing();
  console.error(missing === undefined ? error.message : `${missing} is not installed. Hint: npm ci`);
  process.exit(1);
}
if (onlyLocal) (await import("../dist/local.js")).app.synth();
else await import("../dist/main.js");
