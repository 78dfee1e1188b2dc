// The app of cdktf.json: compiles the project, unless the caller has, and synthesizes it.

import { compile } from "./compile.mjs";

try {
  if (process.env.CDKTF_DASK_COMPILED === undefined) compile();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
await import("../dist/main.js");
