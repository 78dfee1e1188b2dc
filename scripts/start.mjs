// `npm start`: deploys a Dask cluster on this computer and runs the smoke test.
//
//     npm start -- --scheduler-port 8796 --dashboard-port 8797
//     npm start -- --ports auto            free ports; the same ones each time, if possible

import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { cdktf, LOCAL_APP, runLocalCommand, startLocalCommand } from "./cdktf.mjs";
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
  await endClusterWithoutWorkers(paths);
  const terraform = await findTerraform(console.log);
  console.log(`deploying the stack '${LOCAL}' with ${terraform.place} ${terraform.version}`);
  // Both may be incomplete after a crash; Terraform and cdktf create them again.
  for (const file of [OUTPUTS, `cdktf.out/stacks/${LOCAL}`]) rmSync(file, { recursive: true, force: true });
  const deploy = ["deploy", LOCAL, "--app", LOCAL_APP, "--auto-approve", "--outputs-file", OUTPUTS];
  // Only without a deployed cluster, because its processes use the environment until Terraform replaces them.
  const endPreparation = state === "none" ? startPreparation() : async () => {};
  const deployed = await cdktf(deploy, terraform, await portVariables(options, paths));
  await endPreparation(deployed.interrupted || deployed.code !== 0);
  const remaining = () => localModule("runtime/processes").describeRemaining(paths);
  if (deployed.interrupted) {
    runLocalCommand("stop");
    fail(`interrupted; ${remaining()}. Hint: npm start tries again, npm stop removes the files`);
  } else if (deployed.code !== 0) {
    fail(`${deployed.hasPrinted ? "" : `${deployed.failure}\n`}the cluster did not start; ${remaining()}`);
  } else if (localModule("runtime/running").liveRun(paths) === undefined) {
    fail("Terraform reports success, but the cluster does not run. Hint: npm stop, then npm start");
  } else if (deployed.output.includes("No changes.")) await reportUnchanged(paths);
  else printAddresses("The cluster runs, and its smoke test has passed.", paths);
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

/** Creates the environment while cdktf and Terraform plan. Errors are ignored; the provisioner reports them. */
function startPreparation() {
  const { [LOCAL]: cluster } = createRequire(import.meta.url)(`../dist/environments/${LOCAL}.js`);
  const { DEFINITION_VARIABLE } = localModule("definition");
  return startLocalCommand("prepare", { [DEFINITION_VARIABLE]: JSON.stringify({ cluster }) });
}

/** Environment variables of the app for the ports of the command line. */
async function portVariables(options, paths) {
  const { chosenPorts, PORT_VARIABLES } = localModule("ports");
  const { freePorts } = localModule("runtime/free-ports");
  const ports = options.ports
    ? (localModule("runtime/running").liveRun(paths)?.ports ?? (await freePorts(ROOT)))
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

/** Classifies Terraform's state. Terraform writes it in place, so after a crash it may be empty or cut off. */
function checkState() {
  const kind = localModule("stack/terraform-state").stateKind(STATE);
  if (kind === "foreign")
    throw new Error(`${STATE} is not a state of this project's local stack. Hint: move it to another folder`);
  if (kind !== "incomplete") return kind;
  console.log(`${STATE} is incomplete because an earlier command was killed; starting without it`);
  rmSync(STATE);
  return "none";
}

/** Ends a cluster without workers, so that Terraform replaces it. Terraform does not notice missing workers. */
async function endClusterWithoutWorkers(paths) {
  const count = await workersOf(paths);
  if (count?.registered !== 0 || count.expected === 0) return;
  console.log("a cluster runs without workers; ending it");
  runLocalCommand("stop");
}

async function workersOf(paths) {
  const run = localModule("runtime/running").liveRun(paths);
  return run && localModule("runtime/workers").countWorkers(paths, run);
}

/** Reports a deployment without changes, in which no smoke test ran. */
async function reportUnchanged(paths) {
  const { registered, expected } = (await workersOf(paths)) ?? {};
  if (registered < expected)
    fail(
      `the cluster runs with ${registered} of ${expected} workers; logs: ${paths.logs}\n` +
        "Hint: npm stop, then npm start",
    );
  else printAddresses("Nothing changed: the cluster runs as defined.", paths);
}

function printAddresses(sentence, paths) {
  const outputs = outputsOfStack();
  const scaling = localModule("runtime/autoscaler").scalingSentences(paths);
  // With TLS, the command of the output gives the client its certificate.
  const connect = outputs.client_bundle
    ? [outputs.connect]
    : [
        `.dask/${LOCAL}/environment/bin/python`,
        ">>> from distributed import Client",
        `>>> client = Client("${outputs.scheduler_address}")`,
      ];
  const monitoring = localModule("runtime/prometheus").hasPrometheus(paths)
    ? `\n  prometheus ${outputs.monitoring_link}consoles/dask.html`
    : "";
  console.log(`
${[sentence, ...scaling].join("\n")}

  dashboard  ${outputs.dashboard_link}${monitoring}
  scheduler  ${outputs.scheduler_address}
  connect    ${connect.join("\n             ")}
  stop       npm stop
`);
}

function outputsOfStack() {
  try {
    return JSON.parse(readFileSync(OUTPUTS, "utf8"))[LOCAL];
  } catch (error) {
    throw new Error(`the cluster runs, but ${OUTPUTS} is missing (${error.message}). Hint: npm start`);
  }
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
