// `npm run lock`, `client`, `compose`, `diagram`, `costs`, `policy` and `pipeline`: the commands of `cdktf-dask` for the app of this checkout.

import { compile } from "./compile.mjs";
import { installPackages } from "./packages.mjs";

try {
  await installPackages(`npm run ${process.argv[2]}`);
  compile();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
// The app need not compile the project again.
process.env.CDKTF_DASK_COMPILED = "1";
await import("../dist/lib/cli/main.js");
