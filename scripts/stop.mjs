// `npm stop`: ends the cluster of `npm start` and removes everything that it made.

import { existsSync, rmSync } from "node:fs";
import { cdktf, LOCAL_APP, localStack } from "./cdktf.mjs";
import { compile, LOCAL_PROJECT } from "./compile.mjs";
import { LOCAL, localModule, lock, ROOT } from "./main.mjs";
import { installPackages } from "./packages.mjs";
import { findTerraform, removeTerraform } from "./terraform.mjs";

const STATE = `terraform.${LOCAL}.tfstate`;

/** Terraform's state, its previous state, and what Terraform notes while it has the state locked. */
const STATE_FILES = [STATE, `${STATE}.backup`, `.${STATE}.lock.info`];

process.chdir(ROOT);
try {
  lock(LOCAL, "npm stop");
  await installPackages("npm stop", true);
  compileOrKeep();
  const kind = localModule("stack/terraform-state").stateKind(STATE);
  if (kind === "extended") await destroy();
  // Without Terraform: it does not know of a start that failed or was killed, and its state may be incomplete.
  localStack("remove");
  if (kind === "foreign") console.log(`${STATE} is left: it is not a state of this project's local stack`);
  else for (const file of STATE_FILES) rmSync(file, { force: true });
  removeTerraform();
  verify(kind === "foreign" ? [] : STATE_FILES);
  console.log("The cluster is gone: no process is left, and no file of it. npm start makes a new one.");
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** A definition that does not compile at the moment is no reason to leave a cluster running. */
function compileOrKeep() {
  try {
    compile(LOCAL_PROJECT);
  } catch (error) {
    if (!existsSync("dist/lib/local/runtime/cli.js")) throw error;
    console.error(`${error.message}\nending the cluster with what was compiled before`);
  }
}

/** The state has resources besides those of the local stack, which only Terraform can destroy. */
async function destroy() {
  const terraform = await findTerraform(console.log);
  console.log(`destroying the stack '${LOCAL}'`);
  const destroyed = await cdktf(["destroy", LOCAL, "--app", LOCAL_APP, "--auto-approve"], terraform);
  if (destroyed.code !== 0) throw new Error(`${destroyed.failure}\nthe stack was not destroyed; try again`);
}

function verify(stateFiles) {
  const paths = localModule("paths").localPaths(LOCAL);
  const left = [
    ...localModule("runtime/processes")
      .processesOf(paths)
      .map((pid) => `process ${pid}`),
    ...[paths.root, ...stateFiles].filter(existsSync),
  ];
  if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}; end and remove them by hand`);
}
