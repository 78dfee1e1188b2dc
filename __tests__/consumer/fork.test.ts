import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run, withDirectory } from "./workspace";

/** CDK Terrain, the maintained fork of cdktf: the versions at the time of writing. */
const FORK = { cdktn: "0.24.0", constructs: "10.7.2", "@cdktn/provider-aws": "25.7.0" };

const { dependencies, version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

test(
  "synthesizes the same Terraform with the package names of the fork",
  () =>
    withDirectory("fork", (directory) => {
      run(ROOT, "npm", "run", "--silent", "build");
      for (const path of ["dist", "cloud-init", "locks", "python", "package.json"]) {
        cpSync(join(ROOT, path), join(directory, path), { recursive: true });
      }
      swapNames(join(directory, "dist"));
      writeFileSync(
        join(directory, "package.json"),
        JSON.stringify({ name: "cdktf-dask", version, dependencies: { ...dependencies, ...FORK } }),
      );
      run(directory, "npm", "install", "--silent", "--no-audit", "--no-fund");
      // The fork publishes no bindings of the null provider; those of cdktf import only the framework.
      const bindings = join(directory, "node_modules/@cdktn/provider-null");
      cpSync(join(ROOT, "node_modules/@cdktf/provider-null"), bindings, { recursive: true });
      swapNames(bindings);
      run(directory, "node", "dist/main.js");
      run(ROOT, "node", "dist/main.js");

      for (const stack of ["local", "development", "production", "baked"]) {
        expect(synthesized(directory, stack)).toEqual(synthesized(ROOT, stack));
      }
    }),
  600_000,
);

function swapNames(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) swapNames(path);
    else if (name.endsWith(".js")) {
      const code = readFileSync(path, "utf8");
      writeFileSync(
        path,
        code.replaceAll(/require\((["'])cdktf\1\)/g, 'require("cdktn")').replaceAll("@cdktf/", "@cdktn/"),
      );
    }
  }
}

/** The stack without the metadata of the tool. */
function synthesized(directory: string, stack: string): unknown {
  const json = readFileSync(join(directory, "cdktf.out/stacks", stack, "cdk.tf.json"), "utf8");
  return JSON.parse(json, (key, value) => (key === "//" ? undefined : value));
}
