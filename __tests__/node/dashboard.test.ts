import { spawnSync } from "node:child_process";
import { production } from "../../environments/production";
import { PORTS } from "../../lib/config/ports";
import { NODE_PEM } from "../../lib/node/node-context";
import { FakeMachine } from "./fake-machine";
import { fileOf, largest2026, schedulerNode, scriptOf, unitOf, worker } from "./specs";

const scheduler = schedulerNode(production);
const settings = (text: string, key: string) =>
  [...text.matchAll(new RegExp(`^\\s*${key}[= ](.*?);?$`, "gm"))].map(([, value]) => value);

describe("a scheduler's machine", () => {
  test("has the door before Dask starts, and after its certificate", () => {
    expect(scheduler.packages).toContain("nginx");
    expect(scheduler.boot).toEqual(["configuration", "certificates", "dashboard", "dask"]);
    expect(scheduler.settings).toMatchObject({ DASHBOARD_PORT: "8787" });
    expect(scriptOf(scheduler, "dashboard")).toMatch(/^#!\/bin\/bash\n/);
  });

  test("of an isolated cluster has none, nor has a worker's", () => {
    for (const spec of [schedulerNode(largest2026), worker(production, "cpu")]) {
      expect(spec.packages).not.toContain("nginx");
      expect(spec.boot).not.toContain("dashboard");
      expect(spec.files.filter(({ path }) => /nginx|dashboard/.test(path))).toEqual([]);
    }
  });
});

describe("nginx.conf", () => {
  const text = fileOf(scheduler, "/etc/dask/nginx.conf");

  test("listens on one port, by TLS, and asks for the password wherever it leads", () => {
    expect(settings(text, "listen")).toEqual(["8787 ssl"]);
    expect(settings(text, "ssl_protocols")).toEqual(["TLSv1.2 TLSv1.3"]);
    expect(settings(text, "auth_basic")).toEqual(['"Dask cluster production"']);
    expect(settings(text, "auth_basic_user_file")).toEqual(["/etc/dask/dashboard.htpasswd"]);
    expect(text).not.toMatch(/auth_basic +off|satisfy/);
  });

  test("leads to Dask's own HTTP server, and to the first dashboard of a worker's machine", () => {
    expect(settings(text, "proxy_pass")).toEqual(["http://127.0.0.1:8788", "http://$1:8790/$2$is_args$args"]);
    expect([PORTS.schedulerHttp.from, PORTS.workerDashboard.from]).toEqual([8788, 8790]);
  });
});

describe("dask-dashboard.service", () => {
  const unit = unitOf(scheduler, "dask-dashboard");

  test("runs nginx without any privilege", () => {
    expect(settings(unit, "ExecStart")).toEqual(["/usr/sbin/nginx -e stderr -c /etc/dask/nginx.conf"]);
    expect(settings(unit, "User")).toEqual(["www-data"]);
    expect(settings(unit, "CapabilityBoundingSet")).toEqual([""]);
    expect(settings(fileOf(scheduler, "/etc/dask/nginx.conf"), "daemon")).toEqual(["off"]);
  });

  test("hands it the key when it starts, and at each reload", () => {
    const copy =
      "+/usr/bin/install -o www-data -g www-data -m 0400 /etc/dask/tls/node.pem /run/dask-dashboard/node.pem";
    expect(copy).toContain(` ${NODE_PEM} `);
    expect(settings(unit, "ExecStartPre")).toEqual([copy]);
    expect(settings(unit, "ExecReload")).toEqual([
      copy,
      "/usr/sbin/nginx -e stderr -c /etc/dask/nginx.conf -q -t",
      "/usr/bin/kill -HUP $MAINPID",
    ]);
    expect(settings(unit, "RuntimeDirectoryMode")).toEqual(["0700"]);
    expect(settings(fileOf(scheduler, "/etc/dask/nginx.conf"), "ssl_certificate_key")).toEqual([
      "/run/dask-dashboard/node.pem",
    ]);
  });

  test("cannot ask the metadata service for its machine's role", () => {
    expect(settings(unit, "IPAddressDeny")).toEqual(["169.254.169.254 fd00:ec2::254"]);
  });
});

describe("phase dashboard", () => {
  const PASSWORD = "0123456789abcdef0123456789abcdef";
  const SECRET = "var/secret/dashboard";
  let machine: FakeMachine;

  beforeEach(() => {
    machine = new FakeMachine(scheduler);
    machine.script("secrets", INSTANCE);
    machine.write("var/secret/refusal", "");
    // The real one, and a note of its command line.
    machine.command("openssl", 'exec /usr/bin/openssl "$@"');
    machine.command("install", 'cat >"${@: -1}"');
    machine.command("systemctl");
    machine.command("journalctl", "echo 'bind() to 0.0.0.0:8787 failed'");
    machine.command("curl", "printf 401");
  });
  afterEach(() => machine.remove());

  /** The password that the file for nginx admits, where it is the one given. */
  const admits = (password: string) => {
    const [user = "", hash = ""] = machine.read("etc/dask/dashboard.htpasswd")?.trim().split(":") ?? [];
    const [, , salt = ""] = hash.split("$");
    const { stdout } = spawnSync("openssl", ["passwd", "-6", "-salt", salt, "-stdin"], {
      input: password,
      encoding: "utf8",
    });
    return user === "dask" && /^\$6\$.{16}\$.{86}\n$/.test(stdout) && stdout === `${hash}\n`;
  };

  test("admits the password that is in the secret", () => {
    machine.write(SECRET, PASSWORD);
    const run = machine.run("dashboard");
    expect(run).toMatchObject({
      code: 0,
      said: "the dashboard asks for the user dask and his password, which is in the secret /dask/production/dashboard\n",
    });
    expect(run.calls.map((call) => call.replaceAll(machine.directory, ""))).toEqual([
      "openssl passwd -6 -stdin",
      "install -o www-data -g www-data -m 0400 /dev/stdin /etc/dask/dashboard.htpasswd",
      "systemctl daemon-reload",
      "systemctl enable --quiet dask-dashboard.service",
      "systemctl restart dask-dashboard.service",
      expect.stringMatching(
        /^curl .* --cacert \/etc\/dask\/tls\/node\.pem .*%\{http_code\} https:\/\/localhost:8787\/$/,
      ),
    ]);
    expect(admits(PASSWORD)).toBe(true);
    expect(admits("hunter2")).toBe(false);
    expect(machine.read(SECRET)).toBe(PASSWORD);
  });

  test.each([
    ["makes one of 128 bits where the secret is empty", [], undefined],
    ["puts a new one in its place when it is told to", ["renew"], PASSWORD],
  ])("%s, and shows it to nobody", (_, argv, earlier) => {
    if (earlier !== undefined) machine.write(SECRET, earlier);
    const { code, said, calls } = machine.run("dashboard", ...argv);
    expect(code).toBe(0);
    expect(said).toMatch(/^the password of the dashboard is new\n/);
    const password = machine.read(SECRET) ?? "";
    expect(password).toMatch(/^[0-9a-f]{32}$/);
    expect(password).not.toBe(earlier);
    expect(admits(password)).toBe(true);
    expect(`${said}${calls.join("\n")}`).not.toContain(password);
    expect(calls).toContain("systemctl restart dask-dashboard.service");
  });

  test("never takes a secret that it cannot read for an empty one", () => {
    machine.write(SECRET, PASSWORD);
    machine.write("var/secret/refusal", "AccessDeniedException: not you");
    expect(machine.run("dashboard")).toMatchObject({
      code: 1,
      said: "cannot read the secret /dask/production/dashboard: AccessDeniedException: not you\n",
    });
    expect(machine.read(SECRET)).toBe(PASSWORD);
    expect(machine.read("etc/dask/dashboard.htpasswd")).toBeUndefined();
  });

  test("keeps the old password where the new one cannot be kept", () => {
    machine.write("var/secret/refusal", "AccessDeniedException: not you");
    expect(machine.run("dashboard", "renew")).toMatchObject({
      code: 1,
      said: "cannot fill the secret /dask/production/dashboard: AccessDeniedException: not you\n",
    });
    expect(machine.read("etc/dask/dashboard.htpasswd")).toBeUndefined();
  });

  test("admits nobody where the secret holds no text", () => {
    machine.write(SECRET, "");
    const { code, said } = machine.run("dashboard");
    expect({ code, said }).toEqual({
      code: 1,
      said: "the secret /dask/production/dashboard holds no text. Hint: /lib/dashboard renew\n",
    });
    expect(machine.read("etc/dask/dashboard.htpasswd")).toBeUndefined();
  });

  test.each([
    ["000", "exit 7"],
    ["200", "printf 200"],
  ])("fails where the door answers %s", (code, curl) => {
    machine.write(SECRET, PASSWORD);
    machine.command("curl", code === "000" ? `printf 000; ${curl}` : curl);
    expect(machine.run("dashboard")).toMatchObject({
      code: 1,
      said: `the dashboard's door answers ${code}, expected 401: bind() to 0.0.0.0:8787 failed\n`,
    });
  });
});

/** Stands for `secrets` and for who the machine is, which have tests of their own: a file is the secret, another what AWS says to refuse it. */
const INSTANCE = `SECRETS=/dask/production
identify() { :; }
refusal() { echo "$answer"; }
secret() {
  answer=$(</var/secret/refusal)
  [[ -z $answer ]] || return 1
  answer="ResourceNotFoundException: no value"
  [[ -e /var/secret/$1 ]] || return 1
  answer=$(</var/secret/$1)
}
keep_secret() {
  answer=$(</var/secret/refusal)
  [[ -z $answer ]] || return 1
  printf %s "$2" >/var/secret/$1
}
`;
