// `npm stop`: ends the cluster of `npm start` and removes its files, except backups.

import { existsSync, rmSync } from "node:fs";
import { cdktf, LOCAL_APP, runLocalCommand } from "./cdktf.mjs";
import { compile, LOCAL_PROJECT } from "./compile.mjs";
import { LOCAL, localModule, lock, ROOT } from "./main.mjs";
import { installPackages } from "./packages.mjs";
import { findTerraform, removeTerraform } from "./terraform.mjs";

const STATE = `terraform.${LOCAL}.tfstate`;

/** Terraform's state, its backup, and its lock information. */
const STATE_FILES = [STATE, `${STATE}.backup`, `.${STATE}.lock.info`];

/** Backups of the cluster (`python/src/cdktf_dask/backup/default_location.py`). They are for the next cluster. */
const BACKUPS = `.dask/.backups/${LOCAL}`;

process.chdir(ROOT);
try {
  lock(LOCAL, "npm stop");
  await installPackages("npm stop", true);
  compileOrKeep();
  const kind = localModule("stack/terraform-state").stateKind(STATE);
  if (kind === "extended") await destroy();
  // Without Terraform: it does not know a start that failed or was killed, and its state may be incomplete.
  runLocalCommand("remove");
  if (kind === "foreign") console.log(`${STATE} remains: it is not a state of this project's local stack`);
  else for (const file of STATE_FILES) rmSync(file, { force: true });
  removeTerraform();
  verify(kind === "foreign" ? [] : STATE_FILES);
  const kept = existsSync(BACKUPS) ? ` except its backups in ${BACKUPS}, which you can remove` : "";
  console.log(`The cluster is removed: no process and no file remains${kept}. npm start creates a new one.`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

/** Compiles the project. If it does not compile, the existing output is enough to end the cluster. */
function compileOrKeep() {
  try {
    compile(LOCAL_PROJECT);
  } catch (error) {
    if (!existsSync("dist/lib/local/runtime/cli.js")) throw error;
    console.error(`${error.message}\nending the cluster with the previous build`);
  }
}

/** Destroys the stack with Terraform, because its state has resources that a user added. */
async function destroy() {
  const terraform = await findTerraform(console.log);
  console.log(`destroying the stack '${LOCAL}'`);
  const destroyed = await cdktf(["destroy", LOCAL, "--app", LOCAL_APP, "--auto-approve"], terraform);
  if (destroyed.code !== 0)
    throw new Error(`${destroyed.failure}\nthe stack was not destroyed. Hint: try again`);
}

function verify(stateFiles) {
  const paths = localModule("paths").localPaths(LOCAL);
  const remaining = [
    ...localModule("runtime/processes")
      .processesOf(paths)
      .map((pid) => `process ${pid}`),
    ...[paths.root, ...stateFiles].filter(existsSync),
  ];
  if (remaining.length > 0)
    throw new Error(`still there: ${remaining.join(", ")}. Hint: end the processes and remove the files`);
}
