// `npm start`: a smoke-tested Dask cluster on this machine.

import { readFileSync, rmSync } from "node:fs";
import { cdktf, localStack } from "./cdktf.mjs";
import { compile } from "./compile.mjs";
import { LOCAL, localModule, lock, ROOT } from "./main.mjs";
import { installPackages } from "./packages.mjs";
import { findTerraform } from "./terraform.mjs";

const OUTPUTS = "cdktf.out/outputs.json";
const STATE = `terraform.${LOCAL}.tfstate`;

process.chdir(ROOT);
try {
  lock(LOCAL, "npm start");
  await installPackages("npm start");
  console.log("compiling");
  compile();
  const paths = localModule("paths").localPaths(LOCAL);
  checkState();
  await endBrokenRun(paths);
  const terraform = await findTerraform(console.log);
  console.log(`deploying the stack '${LOCAL}' with ${terraform.place} ${terraform.version}`);
  // Both may be incomplete after a crash; Terraform and cdktf make them again.
  for (const file of [OUTPUTS, `cdktf.out/stacks/${LOCAL}`]) rmSync(file, { recursive: true, force: true });
  const deployed = await cdktf(["deploy", LOCAL, "--auto-approve", "--outputs-file", OUTPUTS], terraform);
  const left = () => localModule("processes").whatIsLeft(paths);
  if (deployed.interrupted) {
    localStack("stop");
    fail(`interrupted; ${left()}. npm start begins again, npm stop removes the files`);
  } else if (deployed.code !== 0) {
    fail(`${deployed.told ? "" : `${deployed.output}\n`}the cluster was not started; ${left()}`);
  } else if (localModule("running").aliveRun(paths) === undefined) {
    fail("Terraform reports success, but the cluster does not run; run npm stop and npm start");
  } else tell(deployed.output.includes("No changes."));
} catch (error) {
  fail(error.message);
}

/** Terraform writes its state in place: after a crash the file may be empty or cut off. */
function checkState() {
  const kind = localModule("terraform-state").stateKind(STATE);
  if (kind === "foreign")
    throw new Error(`${STATE} is not a state of this project's local stack; move it away and try again`);
  if (kind !== "incomplete") return;
  console.log(`${STATE} is incomplete, as an earlier command was killed; starting without it`);
  rmSync(STATE);
}

/** A cluster whose workers are missing is replaced: Terraform sees no change once its processes are there. */
async function endBrokenRun(paths) {
  const run = localModule("running").aliveRun(paths);
  const fault = run && (await localModule("workers").faultOfRun(paths, run));
  if (fault === undefined) return;
  console.log(`a cluster runs, but ${fault}; ending it`);
  localStack("stop");
}

function tell(unchanged) {
  const outputs = outputsOfStack();
  // With TLS a client needs a certificate, which the command of the output gives it.
  const connect = outputs.client_bundle
    ? [outputs.connect]
    : [
        `.dask/${LOCAL}/environment/bin/python`,
        ">>> from distributed import Client",
        `>>> client = Client("${outputs.scheduler_address}")`,
      ];
  console.log(`
${unchanged ? "Nothing changed: the cluster runs as it is defined." : "The cluster runs, and its smoke test has passed."}

  dashboard  ${outputs.dashboard_link}
  scheduler  ${outputs.scheduler_address}
  connect    ${connect.join("\n             ")}
  stop       npm stop
`);
}

function outputsOfStack() {
  try {
    return JSON.parse(readFileSync(OUTPUTS, "utf8"))[LOCAL];
  } catch (error) {
    throw new Error(`the cluster runs, but cdktf has not written ${OUTPUTS} (${error.message}); try again`);
  }
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
