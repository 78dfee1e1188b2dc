import { production } from "../../environments/production";
import { PORTS } from "../../lib/config/ports";
import { NODE_PEM } from "../../lib/node/node-context";
import { fileOf, largest2026, schedulerNode, scriptOf, unitOf, variety, worker } from "./specs";

const scheduler = schedulerNode(production);
const settings = (text: string, key: string) =>
  [...text.matchAll(new RegExp(`^\\s*${key}[= ](.*?);?$`, "gm"))].map(([, value]) => value);

describe("a scheduler's node", () => {
  test("starts the reverse proxy after its certificate and before Dask", () => {
    expect(scheduler.packages).toContain("nginx");
    expect(scheduler.boot).toEqual(["configuration", "certificates", "dashboard", "dask", "monitoring"]);
    expect(scheduler.settings).toMatchObject({ DASHBOARD_PORT: "8787" });
    expect(scriptOf(scheduler, "python/cdktf_dask/node/dashboard.py")).toMatch(/^"""Boot step `dashboard`:/);
  });

  test("knows the hosts of the dashboard at synth, or adds the address that EC2 chose", () => {
    const origins = (node: typeof scheduler) =>
      settings(fileOf(node, "/etc/dask/dask.yaml"), "allow_websocket_origin:");
    expect(scheduler.settings).not.toHaveProperty("DASHBOARD_HOSTS");
    expect(origins(scheduler)).toEqual([
      '["scheduler.production.internal:8787","10.30.0.10:8787","localhost:8787"]',
    ]);
    const chosen = schedulerNode(variety);
    expect(chosen.settings.DASHBOARD_HOSTS).toBe("scheduler.variety.internal,localhost");
    expect(origins(chosen)).toEqual(['["scheduler.variety.internal:8787","localhost:8787"]']);
  });

  test("has no reverse proxy without TLS, nor has the node of a worker", () => {
    for (const spec of [schedulerNode(largest2026), worker(production, "cpu")]) {
      expect(spec.packages).not.toContain("nginx");
      expect(spec.boot).not.toContain("dashboard");
      expect(spec.files.filter(({ path }) => /^\/etc\/.*(nginx|dashboard)/.test(path))).toEqual([]);
    }
  });
});

describe("nginx.conf", () => {
  const text = fileOf(scheduler, "/etc/dask/nginx.conf");

  test("listens on one port with TLS, and requires the password for every location", () => {
    expect(settings(text, "listen")).toEqual(["8787 ssl"]);
    expect(settings(text, "ssl_protocols")).toEqual(["TLSv1.2 TLSv1.3"]);
    expect(settings(text, "auth_basic")).toEqual(['"Dask cluster production"']);
    expect(settings(text, "auth_basic_user_file")).toEqual(["/etc/dask/dashboard.htpasswd"]);
    expect(text).not.toMatch(/auth_basic +off|satisfy/);
  });

  test("forwards to Dask's HTTP server, and to the first dashboard of a worker's node", () => {
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

  test("passes the key when it starts, and at each reload", () => {
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

  test("cannot reach the metadata service", () => {
    expect(settings(unit, "IPAddressDeny")).toEqual(["169.254.169.254 fd00:ec2::254"]);
  });
});
