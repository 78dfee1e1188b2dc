// `npm start`: a smoke-tested Dask cluster on this machine.
//
//     npm start -- --scheduler-port 8796 --dashboard-port 8797
//     npm start -- --ports auto            a pair of free ports, the same one each time if it is free

import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { beginLocalStack, cdktf, LOCAL_APP, localStack } from "./cdktf.mjs";
import { compile, LOCAL_PROJECT } from "./compile.mjs";
import { LOCAL, localModule, lock, ROOT } from "./main.mjs";
import { installPackages } from "./packages.mjs";
import { findTerraform } from "./terraform.mjs";

const text = { type: "string" };

const OUTPUTS = "cdktf.out/outputs.json";
const STATE = `terraform.${LOCAL}.tfstate`;

process.chdir(ROOT);
try {
  const options = readOptions();
  lock(LOCAL, "npm start");
  await installPackages("npm start", true);
  console.log("compiling");
  compile(LOCAL_PROJECT);
  const paths = localModule("paths").localPaths(LOCAL);
  const state = checkState();
  await endEmptyRun(paths);
  const terraform = await findTerraform(console.log);
  console.log(`deploying the stack '${LOCAL}' with ${terraform.place} ${terraform.version}`);
  // Both may be incomplete after a crash; Terraform and cdktf make them again.
  for (const file of [OUTPUTS, `cdktf.out/stacks/${LOCAL}`]) rmSync(file, { recursive: true, force: true });
  const deploy = ["deploy", LOCAL, "--app", LOCAL_APP, "--auto-approve", "--outputs-file", OUTPUTS];
  // A cluster that is replaced is ended first, with whatever runs in its environment.
  const endPreparation = state === "none" ? beginPreparation() : async () => {};
  const deployed = await cdktf(deploy, terraform, await portVariables(options, paths));
  await endPreparation(deployed.interrupted || deployed.code !== 0);
  const left = () => localModule("runtime/processes").whatIsLeft(paths);
  if (deployed.interrupted) {
    localStack("stop");
    fail(`interrupted; ${left()}. npm start begins again, npm stop removes the files`);
  } else if (deployed.code !== 0) {
    fail(`${deployed.told ? "" : `${deployed.failure}\n`}the cluster was not started; ${left()}`);
  } else if (localModule("runtime/running").aliveRun(paths) === undefined) {
    fail("Terraform reports success, but the cluster does not run; run npm stop and npm start");
  } else if (deployed.output.includes("No changes.")) await tellUnchanged(paths);
  else tell("The cluster runs, and its smoke test has passed.");
} catch (error) {
  fail(error.message);
}

function readOptions() {
  const options = { "scheduler-port": text, "dashboard-port": text, ports: text };
  const { values } = parseArgs({ options });
  if (values.ports !== undefined && values.ports !== "auto")
    throw new Error(`--ports: got '${values.ports}', expected 'auto'`);
  return values;
}

/** Makes the environment while cdktf and Terraform prepare; if that fails, their own attempt tells why. */
function beginPreparation() {
  const { [LOCAL]: cluster } = createRequire(import.meta.url)(`../dist/environments/${LOCAL}.js`);
  const { DEFINITION } = localModule("definition");
  return beginLocalStack("prepare", { [DEFINITION]: JSON.stringify({ cluster }) });
}

/** Variables of the app for the ports of the command line. */
async function portVariables(options, paths) {
  const { chosenPorts, freePorts, PORT_VARIABLES } = localModule("ports");
  const ports = options.ports
    ? (localModule("runtime/running").aliveRun(paths)?.ports ?? (await freePorts(ROOT)))
    : {};
  const { "scheduler-port": scheduler = ports.scheduler, "dashboard-port": dashboard = ports.dashboard } =
    options;
  const variables = {
    ...(scheduler && { [PORT_VARIABLES.scheduler]: String(scheduler) }),
    ...(dashboard && { [PORT_VARIABLES.dashboard]: String(dashboard) }),
  };
  chosenPorts({ scheduler: 1, dashboard: 2 }, variables);
  return variables;
}

/** What Terraform's state contains. Terraform writes it in place: after a crash the file may be empty or cut off. */
function checkState() {
  const kind = localModule("stack/terraform-state").stateKind(STATE);
  if (kind === "foreign")
    throw new Error(`${STATE} is not a state of this project's local stack; move it away and try again`);
  if (kind !== "incomplete") return kind;
  console.log(`${STATE} is incomplete, as an earlier command was killed; starting without it`);
  rmSync(STATE);
  return "none";
}

/** A cluster without a single worker is replaced: Terraform sees no change once its processes are there. */
async function endEmptyRun(paths) {
  const count = await workersOf(paths);
  if (count?.registered !== 0 || count.expected === 0) return;
  console.log("a cluster runs, but none of its workers does; ending it");
  localStack("stop");
}

async function workersOf(paths) {
  const run = localModule("runtime/running").aliveRun(paths);
  return run && localModule("runtime/workers").countWorkers(paths, run);
}

/** Nothing was started, so nothing was tested. */
async function tellUnchanged(paths) {
  const { registered, expected } = (await workersOf(paths)) ?? {};
  if (registered < expected)
    fail(
      `the cluster runs, but ${registered} of ${expected} workers do; logs: ${paths.logs}\n` +
        "npm stop and npm start replace it",
    );
  else tell("Nothing changed: the cluster runs as it is defined.");
}

function tell(sentence) {
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
${sentence}

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
