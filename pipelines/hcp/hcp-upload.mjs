// Starts a run of HCP Terraform (API-driven workflow) with a synthesized stack:
//
//   TFE_TOKEN=… node pipeline/hcp-upload.mjs STACK [--speculative]
//
// Uploads the folder of the stack with the lock file of its providers. A speculative run only plans. The workspace is that of the
// definition. The token needs the permission to start runs.
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";

try {
  await upload(process.argv[2], process.argv.includes("--speculative"));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

async function upload(stack, speculative) {
  const folder = `cdktf.out/stacks/${stack}`;
  const lock = `locks/terraform/${stack}.hcl`;
  for (const [file, hint] of [
    [`${folder}/cdk.tf.json`, "run npx cdktf synth"],
    [lock, `run sh pipeline/lock.sh ${stack}, and commit the file`],
  ])
    if (!existsSync(file)) throw new Error(`${file}: is missing. Hint: ${hint}`);
  if (!process.env.TFE_TOKEN)
    throw new Error("TFE_TOKEN: is not set. Hint: set it to a token of HCP Terraform");
  copyFileSync(lock, `${folder}/.terraform.lock.hcl`);
  const archive = execFileSync("tar", ["-cz", "--exclude=./.terraform", "-C", folder, "."], {
    maxBuffer: 1024 ** 3,
  });

  const { cloud } = JSON.parse(readFileSync(`${folder}/cdk.tf.json`, "utf8")).terraform;
  const { hostname, organization } = cloud;
  const { name } = cloud.workspaces;
  // For tests, and for an address behind a proxy.
  const origin = process.env.TFE_ADDRESS ?? `https://${hostname}`;
  const api = (path, body) => request(`${origin}/api/v2/${path}`, body);
  const { data: workspace } = await api(`organizations/${organization}/workspaces/${name}`);
  const { data: version } = await api(`workspaces/${workspace.id}/configuration-versions`, {
    data: { type: "configuration-versions", attributes: { "auto-queue-runs": true, speculative } },
  });
  await send(version.attributes["upload-url"], {
    method: "PUT",
    headers: { "Content-Type": "application/octet-stream" },
    body: archive,
  });
  console.log(`uploaded ${stack}: https://${hostname}/app/${organization}/workspaces/${name}/runs`);
}

async function request(url, body) {
  const answer = await send(url, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      Authorization: `Bearer ${process.env.TFE_TOKEN}`,
      "Content-Type": "application/vnd.api+json",
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return answer.json();
}

async function send(url, options) {
  const answer = await fetch(url, options);
  if (answer.ok) return answer;
  // The address of an upload is a secret.
  const shown = options.method === "PUT" ? "the upload" : `${options.method} ${url}`;
  throw new Error(
    `${shown}: got status ${answer.status}, expected 2xx. Hint: check TFE_TOKEN, organization and workspace`,
  );
}
