import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Checkout } from "../checkout";

jest.setTimeout(900_000);

const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";

/** Returns protocols, TLS version and the result of a task, with the configuration of the client folder. */
const CONNECT = `
import json
from distributed import Client
with Client(timeout=30) as client:
    info = client.scheduler_info(n_workers=-1)
    cipher = client.scheduler_comm.comm.extra_info["cipher"]
    protocols = {address.partition("://")[0] for address in [info["address"], *info["workers"]]}
    answer = {"protocols": sorted(protocols), "workers": len(info["workers"]), "version": cipher[1],
              "sum": client.submit(sum, range(1000)).result()}
print(json.dumps(answer))
`;

/** Connects a client without the client folder, and returns its first error. */
const connectError = (client: string) => `
import json, logging
from distributed import Client, Security
logging.disable()
try:
    Client(${client}, timeout=8)
    answer = "connected"
except OSError as error:
    while error.__cause__:
        error = error.__cause__
    answer = str(error)
print(json.dumps(answer))
`;

/** Returns the TLS alert of the scheduler for a client certificate, which the client of Dask may miss. */
const alert = (port: number, ca: string, pem: string) => `
import json, socket, ssl
context = ssl.create_default_context(cafile=${JSON.stringify(ca)})
context.load_cert_chain(${JSON.stringify(pem)})
try:
    with context.wrap_socket(socket.create_connection(("127.0.0.1", ${port}), 5), server_hostname="localhost") as connection:
        answer = "accepted" if connection.recv(1) else "closed"
except ssl.SSLError as error:
    answer = error.reason
print(json.dumps(answer))
`;

/** Reads certificate and CA of a file, and checks them and the key against each other. */
function certificatesOf(file: string) {
  const pem = readFileSync(file, "utf8");
  const [own = "", ca = ""] =
    pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  const certificate = new X509Certificate(own);
  const issuer = new X509Certificate(ca);
  expect(certificate.checkPrivateKey(createPrivateKey(pem))).toBe(true);
  expect(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)).toBe(true);
  return { certificate, issuer };
}

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe("cdktf deploy local with TLS", () => {
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = await Checkout.make();
    checkout.define("({ ...local, tls: true })");
  });
  afterAll(() => checkout.remove());

  test("starts a cluster, and its smoke test passes with the folder of the client", async () => {
    const { code, output } = await checkout.cdktf("deploy");

    expect(output).toContain(`smoke test of local at ${checkout.tlsAddress}`);
    expect(output).toMatch(/passed +placement/);
    expect(output).toContain(`scheduler_address = ${checkout.tlsAddress}`);
    expect(output).toContain("client_bundle = .dask/local/client");
    expect(output).toContain(`dashboard_link = http://127.0.0.1:${checkout.ports.dashboard}/status`);
    expect(code).toBe(0);
  });

  test("scheduler and workers use TLS 1.3, and a client needs only its folder", async () => {
    expect(await checkout.python(CONNECT, checkout.paths.client)).toEqual({
      protocols: ["tls"],
      workers: 2,
      version: "TLSv1.3",
      sum: 499500,
    });
  });

  test("the command of the output connects", async () => {
    const line =
      "DASK_CONFIG=.dask/local/client .dask/local/environment/bin/python " +
      "-c 'from distributed import Client; print(Client())'";
    expect(readFileSync(join(checkout.directory, "cdktf.out/stacks/local/cdk.tf.json"), "utf8")).toContain(
      line,
    );
    const { code, output } = await checkout.shell(line);

    expect(output).toContain(`<Client: '${checkout.tlsAddress}' processes=2`);
    expect(code).toBe(0);
  });

  test("rejects a client without TLS", async () => {
    expect(await checkout.python(connectError(`"${checkout.address}"`))).toMatch(/closed|reset|timed out/i);
  });

  test("rejects a client of another CA", async () => {
    const other = join(checkout.directory, "other");
    mkdirSync(other);
    const made = await checkout.shell(
      "PYTHONPATH=python/src .dask/local/environment/bin/python -B -m cdktf_dask.tls other " +
        `"${other}/node.pem" "${other}/client.pem"`,
    );
    expect(made).toEqual({ code: 0, output: "" });
    const { clientPem } = checkout.paths;
    const client = (ca: string) =>
      `"${checkout.tlsAddress}", security=Security(tls_ca_file="${ca}", ` +
      `tls_client_cert="${other}/client.pem", tls_client_key="${other}/client.pem", require_encryption=True)`;

    expect(await checkout.python(connectError(client(`${other}/client.pem`)))).toMatch(
      /CERTIFICATE_VERIFY_FAILED/,
    );
    expect(await checkout.python(connectError(client(clientPem)))).not.toBe("connected");
    const { scheduler } = checkout.ports;
    expect(await checkout.python(alert(scheduler, clientPem, `${other}/client.pem`))).toBe(
      "TLSV1_ALERT_UNKNOWN_CA",
    );
    expect(await checkout.python(alert(scheduler, clientPem, clientPem))).toBe("accepted");
  });

  test("certificates have their purpose, and only the user can read their keys", () => {
    const { nodePem, client, clientPem } = checkout.paths;
    const node = certificatesOf(nodePem);
    const user = certificatesOf(clientPem);

    expect(node.issuer.fingerprint256).toBe(user.issuer.fingerprint256);
    expect(node.issuer).toMatchObject({ ca: true, subject: "CN=CA of local" });
    expect(node.certificate).toMatchObject({
      ca: false,
      subject: "CN=node of local",
      subjectAltName: "DNS:localhost, IP Address:127.0.0.1",
      keyUsage: [SERVER_AUTH, CLIENT_AUTH],
    });
    expect(user.certificate).toMatchObject({
      ca: false,
      subject: "CN=client of local",
      keyUsage: [CLIENT_AUTH],
    });
    expect(node.certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
    expect([nodePem, clientPem].map(mode)).toEqual(["600", "600"]);
    expect([dirname(nodePem), client].map(mode)).toEqual(["700", "700"]);
  });

  test("the scheduler has a metric of the expiry of its certificate", async () => {
    const page = await fetch(`http://127.0.0.1:${checkout.ports.dashboard}/metrics`);
    const metrics = await page.text();
    const [, seconds] = /^dask_tls_certificate_not_after_seconds (\S+)$/m.exec(metrics) ?? [];

    expect(Number(seconds)).toBe(
      Date.parse(certificatesOf(checkout.paths.nodePem).certificate.validTo) / 1000,
    );
  });

  test("removes the keys without TLS", async () => {
    checkout.define("local");
    const { code, output } = await checkout.cdktf("deploy");

    expect(output).toContain(`scheduler_address = ${checkout.address}`);
    expect(code).toBe(0);
    expect([checkout.paths.nodePem, checkout.paths.client].map(existsSync)).toEqual([false, false]);
  });

  test("cdktf destroy removes all processes and files", async () => {
    const { code } = await checkout.cdktf("destroy");

    expect(code).toBe(0);
    expect(checkout.remaining).toEqual(["terraform.local.tfstate"]);
  });
});
