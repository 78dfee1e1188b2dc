// `npm stop`: ends the cluster of `npm start` and removes everything that it made.

import { existsSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { cdktf, compile, LOCAL, localStack, ROOT } from "./cdktf.mjs";
import { findTerraform, removeTerraform } from "./terraform.mjs";

const STATE = `terraform.${LOCAL}.tfstate`;

process.chdir(ROOT);
try {
  compile();
  if (resourcesInState() > 0) {
    const terraform = await findTerraform(console.log);
    console.log(`destroying the stack '${LOCAL}'`);
    const destroyed = await cdktf(["destroy", LOCAL, "--auto-approve"], terraform);
    if (destroyed.code !== 0) throw new Error(`${destroyed.output}\nthe stack was not destroyed; try again`);
  }
  // What Terraform does not know of: a start that failed or was interrupted, or a state file that is gone.
  localStack("remove");
  for (const file of [STATE, `${STATE}.backup`]) rmSync(file, { force: true });
  removeTerraform();
  removeIfEmpty(".dask");
  await verify();
  console.log("The cluster is gone: no process is left, and no file of it. npm start makes a new one.");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function resourcesInState() {
  return existsSync(STATE) ? JSON.parse(readFileSync(STATE, "utf8")).resources.length : 0;
}

function removeIfEmpty(directory) {
  try {
    rmdirSync(directory);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY"].includes(error.code)) throw error;
  }
}

async function verify() {
  const { localPaths } = await import("../dist/lib/local/paths.js");
  const { processesOf } = await import("../dist/lib/local/processes.js");
  const paths = localPaths(LOCAL);
  const left = [
    ...processesOf(paths).map((pid) => `process ${pid}`),
    ...[paths.root, STATE].filter(existsSync),
  ];
  if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}; end and remove them by hand`);
}
