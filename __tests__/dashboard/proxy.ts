import { type ChildProcess, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import type { Socket } from "node:net";
import { join } from "node:path";
import { production } from "../../environments/production";
import { dashboardFeature } from "../../lib/node/dashboard";
import type { NodeFeature } from "../../lib/node/node-plan";
import { packageRoot } from "../../lib/node/package-file";
import { statusPageFeature } from "../../lib/node/status-page";
import { type Certificate, makeCertificate } from "./certificates";
import { end, start, until } from "./processes";
import { NGINX } from "./programs";

/** The user of the dashboard. */
export const USER = "dask";

/** The initial password of a proxy. */
export const PASSWORD = "0123456789abcdef0123456789abcdef";

/** Ports of this computer in place of those of a cluster. */
export interface Ports {
  /** In place of 8787, on which the proxy listens. */
  readonly proxy: number;
  /** In place of 8788, Dask's own HTTP server. */
  readonly http: number;
  /** In place of 8790, the dashboard of a worker. */
  readonly worker: number;
}

/** Options of a request. */
export interface Visit {
  readonly method?: string;
  readonly password?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Source address: the proxy limits the requests of each address. */
  readonly from?: string;
}

/** Response to a request. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The connection, only of an accepted WebSocket. */
  readonly socket?: Socket;
}

/** The real nginx on 127.0.0.1 with the configuration of a scheduler's node, except for paths and ports. */
export class DashboardProxy {
  readonly url: string;
  private certificate: Certificate;
  private nginx: ChildProcess | undefined;

  private constructor(
    readonly ports: Ports,
    private readonly directory: string,
  ) {
    this.url = `https://localhost:${ports.proxy}`;
    mkdirSync(this.at("run"), { mode: 0o700 });
    for (const folder of [this.at("nginx.d"), this.statusFolder]) mkdirSync(folder);
    this.certificate = this.renew();
    this.setPassword(PASSWORD);
    writeFileSync(this.at("nginx.conf"), this.configuration());
    writeFileSync(this.at("nginx.d/status.conf"), this.statusConfiguration());
  }

  /** Starts a proxy in front of the ports. */
  static async open(ports: Ports): Promise<DashboardProxy> {
    const parent = join(packageRoot(), ".test");
    mkdirSync(parent, { recursive: true });
    const proxy = new DashboardProxy(ports, mkdtempSync(join(parent, "proxy-")));
    // The directive is required for root, and rejected for other users.
    const user = process.getuid?.() === 0 ? ["-g", "user root;"] : [];
    const argv = [NGINX.path, "-e", "stderr", "-c", proxy.at("nginx.conf"), ...user];
    proxy.nginx = start(proxy.log, {}, ...argv);
    try {
      await until("nginx does not answer", proxy.log, async () => (await proxy.visit("/")).status === 401);
    } catch (error) {
      await proxy.close();
      throw error;
    }
    return proxy;
  }

  /** Ends nginx and removes its files. */
  async close(): Promise<void> {
    if (this.nginx) await end(this.nginx);
    rmSync(this.directory, { recursive: true });
  }

  /** Certificate of the CA that signed the certificate of the proxy. */
  get ca(): string {
    return this.certificate.ca;
  }

  /** In place of /run/dask-status, with the status page. */
  get statusFolder(): string {
    return this.at("status");
  }

  /** File that nginx writes to. */
  get log(): string {
    return this.at("log");
  }

  /** Sets the password. */
  setPassword(password: string): void {
    const hash = execFileSync("openssl", ["passwd", "-6", "-stdin"], { input: password, encoding: "utf8" });
    writeFileSync(this.at("htpasswd"), `${USER}:${hash}`, { mode: 0o400, flag: "w" });
  }

  /** Creates a new CA and a certificate of it for the proxy. */
  renew(): Certificate {
    this.certificate = makeCertificate(this.directory);
    rmSync(this.at("run/node.pem"), { force: true });
    writeFileSync(this.at("run/node.pem"), this.certificate.pem, { mode: 0o400 });
    return this.certificate;
  }

  /** Does the same as `systemctl reload`; ends when no earlier worker process accepts connections. */
  async reload(): Promise<void> {
    const master = Number(readFileSync(this.at("run/nginx.pid"), "utf8"));
    const old = this.listeners().filter((pid) => pid !== master);
    process.kill(master, "SIGHUP");
    await until("nginx keeps its old worker processes", this.log, async () => {
      const now = this.listeners();
      return now.length > 1 && !now.some((pid) => old.includes(pid));
    });
  }

  /** The processes with the listening socket: nginx's master and its workers. */
  private listeners(): number[] {
    const sockets = execFileSync("ss", ["-tlnpH", `sport = :${this.ports.proxy}`], { encoding: "utf8" });
    return [...sockets.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
  }

  /** Sends a request, with the password if there is one. */
  visit(path: string, { method = "GET", password, headers = {}, from }: Visit = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const visit = request({
        host: "127.0.0.1",
        port: this.ports.proxy,
        servername: "localhost",
        path,
        method,
        ca: this.ca,
        agent: false,
        timeout: 20_000,
        headers: {
          Host: `localhost:${this.ports.proxy}`,
          ...(password === undefined ? {} : { Authorization: authorization(password) }),
          ...headers,
        },
        ...(from === undefined ? {} : { localAddress: from }),
      });
      visit.on("error", reject);
      visit.on("timeout", () => visit.destroy(new Error(`no answer to ${method} ${path}`)));
      visit.on("upgrade", ({ statusCode = 0, headers }, socket) =>
        resolve({ status: statusCode, headers, body: "", socket }),
      );
      visit.on("response", (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          body += text;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      });
      visit.end();
    });
  }

  /** Requests a WebSocket, like a page of the origin. */
  handshake(path: string, origin: string, { headers, ...visit }: Visit = {}): Promise<Answer> {
    return this.visit(path, {
      ...visit,
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        Origin: origin,
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        ...headers,
      },
    });
  }

  private statusConfiguration(): string {
    return fileOf(statusPageFeature(production), "/etc/dask/nginx.d/status.conf").replaceAll(
      "/run/dask-status",
      this.statusFolder,
    );
  }

  private configuration(): string {
    return fileOf(dashboardFeature(production), "/etc/dask/nginx.conf")
      .replaceAll("/run/dask-dashboard", this.at("run"))
      .replaceAll("/etc/dask/dashboard.htpasswd", this.at("htpasswd"))
      .replaceAll("/etc/dask/nginx.d", this.at("nginx.d"))
      .replaceAll("listen 8787", `listen 127.0.0.1:${this.ports.proxy}`)
      .replaceAll("8788", String(this.ports.http))
      .replaceAll("8790", String(this.ports.worker));
  }

  private at(name: string): string {
    return join(this.directory, name);
  }
}

function fileOf({ files }: NodeFeature, path: string): string {
  const content = files.find((file) => file.path === path)?.content;
  if (content === undefined) throw new Error(`no file ${path}`);
  return content;
}

/** The header that a browser sends with a password. */
export function authorization(password: string): string {
  return `Basic ${Buffer.from(`${USER}:${password}`).toString("base64")}`;
}
