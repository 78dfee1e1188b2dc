import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { production } from "../../environments/production";
import { clientBundle, connection } from "../../lib/aws/client-bundle";
import { defineCluster } from "../../lib/config/define";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { planNodes } from "../../lib/node/plan";

const ADDRESS = "tls://scheduler.production.internal:8786";
const PLAN = planNodes(production);
const PEM = ["-----BEGIN PRIVATE KEY-----", "MIGHAgEA", "-----END PRIVATE KEY-----", ""].join("\n");

/** Stands for the AWS CLI: records its arguments and prints the file `secret`, or fails without it. */
const AWS = `#!/bin/sh
echo "$*" >"$(dirname "$0")/called"
cat "$(dirname "$0")/secret"
`;

let folder: string;
let home: string;

beforeEach(() => {
  mkdirSync(".test", { recursive: true });
  folder = mkdtempSync(resolve(".test", "bundle-"));
  // The path of a home directory may contain a space.
  home = join(folder, "a home");
  mkdirSync(home);
  writeFileSync(join(folder, "aws"), AWS);
  chmodSync(join(folder, "aws"), 0o755);
  writeFileSync(join(folder, "secret"), PEM);
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("the command that writes a client's bundle", () => {
  test("reads the client secret of the cluster", () => {
    expect(run("bash").status).toBe(0);
    expect(readFileSync(join(folder, "called"), "utf8")).toBe(
      "secretsmanager get-secret-value --region eu-central-1 --secret-id /dask/production/client --query SecretString --output text\n",
    );
  });

  test.each(["bash", "sh"])("writes key and configuration, readable only by the user, in %s", (shell) => {
    const { status, stdout, stderr } = run(shell);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const bundle = join(home, ".dask", "production");
    expect(stdout).toBe(`DASK_CONFIG=${bundle}/dask.yaml\n`);
    expect(readFileSync(join(bundle, "client.pem"), "utf8")).toBe(PEM);
    const pem = join(bundle, "client.pem");
    expect(parse(readFileSync(join(bundle, "dask.yaml"), "utf8"))).toEqual({
      "scheduler-address": ADDRESS,
      distributed: {
        comm: {
          "require-encryption": true,
          tls: { "ca-file": pem, client: { cert: pem, key: pem } },
        },
      },
    });
    expect(JSON.parse(readFileSync(join(bundle, "expectation"), "utf8"))).toEqual({
      ...{ cluster: "production", release: "2026.7", dask: "2026.7.1" },
      pools: [
        { name: "cpu", kind: "cpu", resources: { CPU: "nthreads" }, workers: 2 },
        { name: "gpu", kind: "gpu", resources: { GPU: 1 }, workers: 0 },
      ],
    });
    expect(modeOf(bundle)).toBe("700");
    for (const file of ["client.pem", "dask.yaml", "expectation"])
      expect(modeOf(join(bundle, file))).toBe("600");
  });

  test("replaces the certificate when it runs again", () => {
    run("bash");
    writeFileSync(join(folder, "secret"), PEM.replace("MIGHAgEA", "MIGHAgEB"));
    expect(run("bash").status).toBe(0);
    expect(readFileSync(join(home, ".dask/production/client.pem"), "utf8")).toContain("MIGHAgEB");
  });

  test("fails if the secret cannot be read, and keeps the existing files", () => {
    run("bash");
    rmSync(join(folder, "secret"));
    const { status, stdout } = run("bash");
    expect(status).not.toBe(0);
    expect(stdout).toBe("");
    expect(readFileSync(join(home, ".dask/production/client.pem"), "utf8")).toBe(PEM);
  });

  test("is one line without Terraform syntax", () => {
    expect(clientBundle(production, PLAN)).not.toMatch(/\n|[$%]\{/);
  });
});

describe("in a cluster with settings of Dask", () => {
  const text = 'it\'s "50%s" of ${HOME} $(id) \\n \n\tü';
  const cluster = defineCluster({
    name: "production",
    region: "eu-central-1",
    network: { adminSubnets: ["10.0.0.0/8"] },
    dask: { "distributed.comm.timeouts.connect": "60s", array: { "chunk-size": 1024 }, "my-lib": { text } },
    pools: [{ name: "cpu", kind: "cpu", dask: { "distributed.worker.validate": true } }],
  });

  test.each(["bash", "sh"])("the configuration has those of the cluster, in %s", (shell) => {
    expect(run(shell, cluster)).toMatchObject({ status: 0, stderr: "" });
    const pem = join(home, ".dask/production/client.pem");
    expect(parse(readFileSync(join(home, ".dask/production/dask.yaml"), "utf8"))).toEqual({
      "scheduler-address": ADDRESS,
      distributed: {
        comm: {
          "require-encryption": true,
          timeouts: { connect: "60s" },
          tls: { "ca-file": pem, client: { cert: pem, key: pem } },
        },
      },
      array: { "chunk-size": 1024 },
      "my-lib": { text },
    });
  });

  test("the command is one line without Terraform syntax", () => {
    expect(clientBundle(cluster, planNodes(cluster))).not.toMatch(/\n|[$%]\{/);
  });
});

test("the Python code of the output `connect` lists every address that the bundle works with", () => {
  const { hostname, privateAddress } = production.scheduler;
  for (const address of ["localhost", privateAddress, hostname])
    expect(connection(production)).toContain(`"tls://${address}:8786"`);
});

/** Runs the command in a shell with the double of the AWS CLI. */
function run(shell: string, cluster: ResolvedCluster = production) {
  return spawnSync(shell, ["-c", clientBundle(cluster, planNodes(cluster))], {
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: home },
    encoding: "utf8",
    timeout: 30_000,
  });
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
