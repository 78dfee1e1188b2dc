// `npm start`: a smoke-tested Dask cluster on this machine.

import { readFileSync } from "node:fs";
import { cdktf, compile, LOCAL, localStack, ROOT } from "./cdktf.mjs";
import { findTerraform } from "./terraform.mjs";

const OUTPUTS = "cdktf.out/outputs.json";

process.chdir(ROOT);
try {
  console.log("compiling");
  compile();
  const terraform = await findTerraform(console.log);
  console.log(`deploying the stack '${LOCAL}' with ${terraform.place} ${terraform.version}`);
  const deployed = await cdktf(["deploy", LOCAL, "--auto-approve", "--outputs-file", OUTPUTS], terraform);
  if (deployed.interrupted) {
    localStack("stop");
    fail("interrupted; nothing is left running. npm start begins again, npm stop removes the files");
  } else if (deployed.code !== 0) {
    fail(
      `${deployed.told ? "" : `${deployed.output}\n`}the cluster was not started; nothing is left running`,
    );
  } else tell(deployed.output.includes("No changes."));
} catch (error) {
  fail(error.message);
}

function tell(unchanged) {
  const outputs = JSON.parse(readFileSync(OUTPUTS, "utf8"))[LOCAL];
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

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
