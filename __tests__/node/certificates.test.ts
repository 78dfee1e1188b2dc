import { execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { production } from "../../environments/production";
import { certificatesPart } from "../../lib/node/certificates";
import type { NodePlan } from "../../lib/node/node-plan";
import { packageRoot } from "../../lib/node/package-file";
import { type ClusterSecretName, secretName } from "../../lib/node/secrets";
import { fakeAws, KEPT, keep, kept } from "./fake-aws";
import { FakeMachine } from "./fake-machine";
import { fileOf, schedulerNode, worker } from "./specs";

jest.setTimeout(60_000);

const NODE = "etc/dask/tls/node.pem";
const HOLDERS: readonly ClusterSecretName[] = ["authority", "worker", "client"];
const DAY = 24 * 60 * 60 * 1000;
const machines: FakeMachine[] = [];

/** A machine with an empty secret for each holder; openssl is real, and notes who could read its files meanwhile. */
const prepare = (spec: NodePlan, settings: Readonly<Record<string, string>> = {}) => {
  const machine = new FakeMachine(spec, settings);
  machines.push(machine);
  fakeAws(machine);
  for (const holder of HOLDERS) keep(machine, secretName(production, holder), "");
  machine.command("systemctl", "[[ $* != *is-active* ]]");
  machine.command(
    "openssl",
    `stat --format '%A' /dev/shm/dask-tls.*/* >>/var/modes; exec /usr/bin/openssl "$@"`,
  );
  // Without the owner, who is nobody here.
  machine.command(
    "install",
    `args=(); while (($#)); do case $1 in -o|-g) shift 2;; *) args+=("$1"); shift;; esac; done
exec /usr/bin/install "\${args[@]}"`,
  );
  return machine;
};
const scheduler = () => prepare(schedulerNode(production));
/** A worker's machine that does not wait. */
const member = () => prepare(worker(production, "cpu"), { JOIN_SECONDS: "0" });
afterEach(() => {
  for (const machine of machines.splice(0)) machine.remove();
});

const secret = (machine: FakeMachine, holder: ClusterSecretName) =>
  kept(machine, secretName(production, holder));
const setSecret = (machine: FakeMachine, holder: ClusterSecretName, pem: string) =>
  keep(machine, secretName(production, holder), pem);
const secretsOf = (machine: FakeMachine) => HOLDERS.map((holder) => secret(machine, holder));
const node = (machine: FakeMachine) => machine.read(NODE) ?? "";

/** The parts of a PEM: its key, and its certificates from the first on. */
const parts = (pem: string) => pem.match(/-----BEGIN [\s\S]+?-----END .+?-----/g) ?? [];
const certificates = (pem: string) =>
  parts(pem)
    .slice(1)
    .map((part) => new X509Certificate(part));
const leaf = (pem: string) => certificates(pem)[0] as X509Certificate;
const days = (certificate: X509Certificate) => (Date.parse(certificate.validTo) - Date.now()) / DAY;

/** A certificate that the cluster's authority, or another one, signed earlier; it has so many days left. */
const signed = (authority: string, daysLeft: number) => {
  const machine = machines[0] as FakeMachine;
  machine.write("signer.pem", authority);
  const options = `req -new -x509 -subj /CN=worker -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout - -extensions node -days ${daysLeft}`;
  const config = join(packageRoot(), "cloud-init/tls/certificates.cnf");
  const signer = join(machine.directory, "signer.pem");
  return (
    execFileSync("openssl", [...options.split(" "), "-config", config, "-CA", signer, "-CAkey", signer], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }) + parts(authority)[1]
  );
};

describe("at its first boot the scheduler", () => {
  test("makes an authority, and a certificate signed by it for each holder", () => {
    const machine = scheduler();
    expect(machine.run("certificates").code).toBe(0);
    const [authority, ofWorkers, ofClients] = secretsOf(machine) as [string, string, string];
    const ca = leaf(authority);
    expect(ca).toMatchObject({ ca: true, subject: "CN=authority of production" });
    expect(parts(authority)).toHaveLength(2);
    expect(days(ca)).toBeCloseTo(3650, 0);
    const both = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];
    for (const [pem, subject, usages] of [
      [ofWorkers, "CN=worker of production", both],
      [ofClients, "CN=client of production", both.slice(1)],
      [node(machine), "CN=scheduler of production", both],
    ] as const) {
      const certificate = leaf(pem);
      // Node names extended usages so.
      expect(certificate).toMatchObject({ ca: false, subject, keyUsage: usages });
      expect(certificate.checkPrivateKey(createPrivateKey(pem))).toBe(true);
      expect(certificate.verify(ca.publicKey)).toBe(true);
      expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
      expect(days(certificate)).toBeCloseTo(90, 0);
      expect(certificates(pem).map(({ fingerprint256 }) => fingerprint256)).toEqual([
        certificate.fingerprint256,
        ca.fingerprint256,
      ]);
    }
    expect(leaf(node(machine)).subjectAltName).toBe(
      `DNS:scheduler.production.internal, IP Address:${production.scheduler.privateAddress}, DNS:localhost, IP Address:127.0.0.1`,
    );
  });

  test("says fingerprint and end of each, and has a timer look daily", () => {
    const machine = scheduler();
    const { said, calls } = machine.run("certificates");
    const line = (what: string, pem: string) =>
      `the certificate of ${what} is new: SHA-256 ${leaf(pem).fingerprint256} until ${leaf(pem).validTo.replace(/ {2}/, "  ")}\n`;
    const [authority, ofWorkers, ofClients] = secretsOf(machine) as [string, string, string];
    expect(said).toBe(
      line("authority", authority) +
        line("worker", ofWorkers) +
        line("client", ofClients) +
        line("this machine", node(machine)),
    );
    expect(calls.slice(-2)).toEqual([
      "systemctl --quiet is-active dask-dashboard.service",
      "systemctl enable --quiet --now dask-certificates.timer",
    ]);
    expect(fileOf(machine.spec, "/etc/systemd/system/dask-certificates.timer")).toContain(
      "OnCalendar=daily\n",
    );
  });

  test("shows no key to anyone: on no command line, in no line, in no file of others, in none that stays", () => {
    const machine = scheduler();
    const before = readdirSync("/dev/shm");
    const { said, calls } = machine.run("certificates");
    const secrets = [...secretsOf(machine), node(machine)].map(
      (pem) => parts(pem)[0]?.split("\n")[1] as string,
    );
    expect(secrets.every((line) => line.length === 64)).toBe(true);
    for (const line of secrets) expect(`${said}${calls.join("\n")}`).not.toContain(line);
    const modes = (machine.read("var/modes") ?? "").split("\n").filter(Boolean);
    expect(modes.length).toBeGreaterThan(10);
    expect(new Set(modes)).toEqual(new Set(["-rw-------"]));
    expect(
      readdirSync("/dev/shm").filter((name) => name.startsWith("dask-tls") && !before.includes(name)),
    ).toEqual([]);
    expect(statSync(join(machine.directory, NODE)).mode & 0o777).toBe(0o400);
    expect(statSync(join(machine.directory, "etc/dask/tls")).mode & 0o777).toBe(0o755);
    expect(calls.map((call) => call.replaceAll(machine.directory, "").replace(/tls\.\w+\//, ""))).toContain(
      "install -o dask -g dask -m 0400 /dev/shm/dask-scheduler.pem /etc/dask/tls/node.pem.new",
    );
  });

  test("says why where it may not read its secret, and makes no second authority", () => {
    const machine = scheduler();
    fakeAws(machine, { keeping: "denied" });
    const { code, said } = machine.run("certificates");
    expect(code).toBe(1);
    expect(said).toMatch(
      /\ncannot read the secret \/dask\/production\/authority: AccessDeniedException: not you\n$/,
    );
    expect(secretsOf(machine)).toEqual(["", "", ""]);
  });
});

describe("later the scheduler", () => {
  let machine: FakeMachine;
  let first: readonly string[];
  const all = () => [...secretsOf(machine), node(machine)];
  beforeEach(() => {
    machine = scheduler();
    machine.run("certificates");
    first = all();
  });
  /** Which of authority, worker, client and its own are new. */
  const renewed = () => all().map((pem, index) => pem !== first[index]);

  test("changes nothing", () => {
    const { said, calls } = machine.run("certificates");
    expect(said).toMatch(
      /^the certificate of worker stays: .*\nthe certificate of client stays: .*\nthe certificate of this machine stays: .*\n$/,
    );
    expect(calls.join("\n")).not.toContain("PutSecretValue");
    expect(renewed()).toEqual([false, false, false, false]);
  });

  test("makes all anew but the authority when it is told so, and has the door take its own", () => {
    machine.command("systemctl");
    const { code, calls } = machine.run("certificates", "renew");
    expect(code).toBe(0);
    expect(renewed()).toEqual([false, true, true, true]);
    const ca = leaf(first[0] as string);
    for (const pem of all().slice(1)) expect(leaf(pem).verify(ca.publicKey)).toBe(true);
    expect(calls).toContain("systemctl reload dask-dashboard.service");
  });

  test.each([
    [29, true],
    [31, false],
  ])("with %i days left: anew: %s", (left, anew) => {
    const before = signed(first[0] as string, left);
    setSecret(machine, "worker", before);
    machine.write(NODE, before);
    expect(machine.run("certificates").code).toBe(0);
    expect(secret(machine, "worker") !== before).toBe(anew);
    expect(node(machine) !== before).toBe(anew);
    expect(renewed()[2]).toBe(false);
  });

  test("makes anew what another authority signed", () => {
    const other = scheduler();
    other.run("certificates");
    setSecret(machine, "authority", secret(other, "authority"));
    expect(machine.run("certificates").code).toBe(0);
    const ca = leaf(secret(other, "authority"));
    for (const pem of all().slice(1)) expect(leaf(pem).verify(ca.publicKey)).toBe(true);
    expect(renewed()).toEqual([true, true, true, true]);
  });
});

describe("a worker's machine", () => {
  test("puts what the scheduler made in place, and has a timer look hourly", () => {
    const [from, machine] = [scheduler(), member()];
    from.run("certificates");
    const pem = secret(from, "worker");
    setSecret(machine, "worker", pem);
    const { code, said, calls } = machine.run("certificates");
    expect(code).toBe(0);
    expect(node(machine).trimEnd()).toBe(pem);
    expect(said).toContain(
      `the certificate of this machine is new: SHA-256 ${leaf(pem).fingerprint256} until `,
    );
    expect(statSync(join(machine.directory, NODE)).mode & 0o777).toBe(0o400);
    expect(calls.at(-1)).toBe("systemctl enable --quiet --now dask-certificates.timer");
    expect(fileOf(machine.spec, "/etc/systemd/system/dask-certificates.timer")).toContain(
      "OnCalendar=hourly\n",
    );
    expect(calls.join("\n")).not.toContain(parts(pem)[0]?.split("\n")[1]);
    // Dask looks at the time of the file.
    const { mtimeMs } = statSync(join(machine.directory, NODE));
    expect(machine.run("certificates").said).toContain("the certificate of this machine stays: ");
    expect(statSync(join(machine.directory, NODE)).mtimeMs).toBe(mtimeMs);
  });

  test("waits until the scheduler has made one, and says so", () => {
    const from = scheduler();
    from.run("certificates");
    const machine = prepare(worker(production, "cpu"), { JOIN_SECONDS: "30" });
    const pem = join(from.directory, KEPT, "-dask-production-worker");
    const empty = join(machine.directory, KEPT, "-dask-production-worker");
    machine.command(
      "sleep",
      `echo >>/var/slept; (($(wc --lines </var/slept) < 3)) || cp '${pem}' '${empty}'`,
    );
    const { code, said, calls } = machine.run("certificates");
    expect(code).toBe(0);
    expect(said).toMatch(
      /^no certificate after \d+ s: the scheduler has put none into the secret \/dask\/production\/worker yet; waiting up to 30 s\nthe certificate of this machine is new: /,
    );
    expect(calls.filter((call) => call.startsWith("sleep"))).toEqual(["sleep 5", "sleep 5", "sleep 5"]);
  });

  test("ends with the reason where none comes", () => {
    const machine = member();
    const none =
      "no certificate after 0 s: the scheduler has put none into the secret /dask/production/worker yet\n";
    expect(machine.run("certificates")).toMatchObject({ code: 1, said: none });
    fakeAws(machine, { keeping: "denied" });
    const denied = "no certificate after 0 s: AccessDeniedException: not you\n";
    expect(machine.run("certificates")).toMatchObject({ code: 1, said: denied });
  });

  test("keeps what it has where the new one is of no use, and says why", () => {
    const [from, other, machine] = [scheduler(), scheduler(), member()];
    for (const one of [from, other]) one.run("certificates");
    const good = secret(from, "worker");
    setSecret(machine, "worker", good);
    machine.run("certificates");
    const [key, own, ca] = parts(good) as [string, string, string];
    const [otherKey, , otherCa] = parts(secret(other, "worker")) as [string, string, string];
    for (const [pem, reason] of [
      [[key, own, otherCa], /error 20 at 0 depth lookup: unable to get local issuer certificate/],
      [[otherKey, own, ca], /its key is that of another certificate/],
      [[own, ca], /its key is that of another certificate/],
      [["nothing"], /it holds no certificate/],
    ] as const) {
      setSecret(machine, "worker", pem.join("\n"));
      const { code, said } = machine.run("certificates");
      expect(said).toMatch(reason);
      expect(said).toMatch(/^no certificate after 0 s: .*\n$/);
      expect(code).toBe(1);
      expect(node(machine).trimEnd()).toBe(good);
    }
  });

  test("keeps what it has where the new one has ended", () => {
    const [from, machine] = [scheduler(), member()];
    from.run("certificates");
    setSecret(machine, "worker", secret(from, "worker"));
    // As if 91 days had passed.
    const later = Math.round((Date.now() + 91 * DAY) / 1000);
    machine.command(
      "openssl",
      `[[ $1 != verify ]] || set -- verify -attime ${later} "\${@:2}"; exec /usr/bin/openssl "$@"`,
    );
    expect(machine.run("certificates")).toMatchObject({
      code: 1,
      said: "no certificate after 0 s: error 10 at 0 depth lookup: certificate has expired\n",
    });
    expect(node(machine)).toBe("");
  });
});

test("secrets have names of their own in each cluster", () => {
  expect([...HOLDERS, "dashboard" as const].map((holder) => secretName(production, holder))).toEqual([
    "/dask/production/authority",
    "/dask/production/worker",
    "/dask/production/client",
    "/dask/production/dashboard",
  ]);
});

test("only the scheduler has what it takes to be an authority", () => {
  const files = (role: "scheduler" | "worker") =>
    certificatesPart(production, role).files.map(({ path }) => path.split("/").at(-1));
  const common = ["secrets", "pem", "dask-certificates.service", "dask-certificates.timer", "certificates"];
  expect(files("worker")).toEqual(common);
  expect(files("scheduler")).toEqual([...common, "certificates.cnf"]);
  expect(certificatesPart(production, "worker").settings).toEqual({ CLUSTER: "production" });
});
