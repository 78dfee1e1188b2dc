import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { production } from "../../environments/production";
import { clientBundle, connection } from "../../lib/aws/client-bundle";

const ADDRESS = "tls://scheduler.production.internal:8786";
const PEM = ["-----BEGIN PRIVATE KEY-----", "MIGHAgEA", "-----END PRIVATE KEY-----", ""].join("\n");

/** Stands for the AWS CLI: notes how it was called, and prints what `secret` holds or fails without. */
const AWS = `#!/bin/sh
echo "$*" >"$(dirname "$0")/called"
cat "$(dirname "$0")/secret"
`;

let folder: string;
let home: string;

beforeEach(() => {
  mkdirSync(".test", { recursive: true });
  folder = mkdtempSync(resolve(".test", "bundle-"));
  // A space, as there may be one in a person's name.
  home = join(folder, "a home");
  mkdirSync(home);
  writeFileSync(join(folder, "aws"), AWS);
  chmodSync(join(folder, "aws"), 0o755);
  writeFileSync(join(folder, "secret"), PEM);
});

afterEach(() => rmSync(folder, { recursive: true }));

describe("the command that writes a client's bundle", () => {
  test("asks for the client's secret of the cluster", () => {
    expect(run("bash").status).toBe(0);
    expect(readFileSync(join(folder, "called"), "utf8")).toBe(
      "secretsmanager get-secret-value --region eu-central-1 --secret-id /dask/production/client --query SecretString --output text\n",
    );
  });

  test.each(["bash", "sh"])("leaves key and configuration, for nobody else to read, in %s", (shell) => {
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
    expect(modeOf(bundle)).toBe("700");
    for (const file of ["client.pem", "dask.yaml"]) expect(modeOf(join(bundle, file))).toBe("600");
  });

  test("takes a new certificate the next time", () => {
    run("bash");
    writeFileSync(join(folder, "secret"), PEM.replace("MIGHAgEA", "MIGHAgEB"));
    expect(run("bash").status).toBe(0);
    expect(readFileSync(join(home, ".dask/production/client.pem"), "utf8")).toContain("MIGHAgEB");
  });

  test("fails where the secret cannot be read, and leaves what is there", () => {
    run("bash");
    rmSync(join(folder, "secret"));
    const { status, stdout } = run("bash");
    expect(status).not.toBe(0);
    expect(stdout).toBe("");
    expect(readFileSync(join(home, ".dask/production/client.pem"), "utf8")).toBe(PEM);
  });

  test("is one line, which Terraform takes as it is", () => {
    expect(clientBundle(production, ADDRESS)).not.toMatch(/\n|[$%]\{/);
  });
});

test("the Python code of the output `connect` names every address that the bundle works with", () => {
  const { hostname, privateAddress } = production.scheduler;
  for (const address of ["localhost", privateAddress, hostname])
    expect(connection(production)).toContain(`"tls://${address}:8786"`);
});

/** Pastes the command into a shell, in which the AWS CLI is the double. */
function run(shell: string) {
  return spawnSync(shell, ["-c", clientBundle(production, ADDRESS)], {
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: home },
    encoding: "utf8",
    timeout: 30_000,
  });
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
