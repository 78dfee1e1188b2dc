import { type ChildProcess, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import type { Socket } from "node:net";
import { join } from "node:path";
import { production } from "../../environments/production";
import { dashboardPart } from "../../lib/node/dashboard";
import { packageRoot } from "../../lib/node/package-file";
import { type Certificate, makeCertificate } from "./certificates";
import { end, start, until } from "./processes";
import { NGINX } from "./programs";

/** The user of the dashboard. */
export const USER = "dask";

/** The password that a door asks for at first. */
export const PASSWORD = "0123456789abcdef0123456789abcdef";

/** Ports of this machine in place of those of a cluster's. */
export interface Ports {
  /** In place of 8787, where the door listens. */
  readonly door: number;
  /** In place of 8788, Dask's own HTTP server. */
  readonly http: number;
  /** In place of 8790, the dashboard of a worker. */
  readonly worker: number;
}

/** What comes with a request. */
export interface Visit {
  readonly method?: string;
  readonly password?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address to come from: the door counts the requests of each. */
  readonly from?: string;
}

/** What a request comes back with. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The connection of an accepted WebSocket, and nothing else's. */
  readonly socket?: Socket;
}

/** The real nginx on 127.0.0.1 with the configuration of a scheduler's machine; other places and ports, all else as is. */
export class Door {
  readonly url: string;
  private certificate: Certificate;
  private nginx: ChildProcess | undefined;

  private constructor(
    readonly ports: Ports,
    private readonly directory: string,
  ) {
    this.url = `https://localhost:${ports.door}`;
    mkdirSync(this.at("run"), { mode: 0o700 });
    this.certificate = this.renew();
    this.admit(PASSWORD);
    writeFileSync(this.at("nginx.conf"), this.configuration());
  }

  /** Opens a door before the ports given. */
  static async open(ports: Ports): Promise<Door> {
    const parent = join(packageRoot(), ".test");
    mkdirSync(parent, { recursive: true });
    const door = new Door(ports, mkdtempSync(join(parent, "door-")));
    // Root has to say so; anyone else may not.
    const user = process.getuid?.() === 0 ? ["-g", "user root;"] : [];
    const argv = [NGINX.path, "-e", "stderr", "-c", door.at("nginx.conf"), ...user];
    door.nginx = start(door.log, {}, ...argv);
    try {
      await until("nginx does not answer", door.log, async () => (await door.visit("/")).status === 401);
    } catch (error) {
      await door.close();
      throw error;
    }
    return door;
  }

  /** Ends nginx and removes its files. */
  async close(): Promise<void> {
    if (this.nginx) await end(this.nginx);
    rmSync(this.directory, { recursive: true });
  }

  /** Certificate of the authority that signed the door's. */
  get authority(): string {
    return this.certificate.authority;
  }

  /** File that nginx writes to. */
  get log(): string {
    return this.at("log");
  }

  /** Lets in who has this password, and nobody else. */
  admit(password: string): void {
    const hash = execFileSync("openssl", ["passwd", "-6", "-stdin"], { input: password, encoding: "utf8" });
    writeFileSync(this.at("htpasswd"), `${USER}:${hash}`, { mode: 0o400, flag: "w" });
  }

  /** Puts a certificate in place, of an authority of its own. */
  renew(): Certificate {
    this.certificate = makeCertificate(this.directory);
    rmSync(this.at("run/node.pem"), { force: true });
    writeFileSync(this.at("run/node.pem"), this.certificate.pem, { mode: 0o400 });
    return this.certificate;
  }

  /** What `systemctl reload` does in the end; done when no worker process of before accepts a connection. */
  async reload(): Promise<void> {
    const master = Number(readFileSync(this.at("run/nginx.pid"), "utf8"));
    const old = this.listeners().filter((pid) => pid !== master);
    process.kill(master, "SIGHUP");
    await until("nginx keeps its old worker processes", this.log, async () => {
      const now = this.listeners();
      return now.length > 1 && !now.some((pid) => old.includes(pid));
    });
  }

  /** The processes that hold the listening socket: nginx's master and its workers. */
  private listeners(): number[] {
    const sockets = execFileSync("ss", ["-tlnpH", `sport = :${this.ports.door}`], { encoding: "utf8" });
    return [...sockets.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid));
  }

  /** A request, with the password where one is given. */
  visit(path: string, { method = "GET", password, headers = {}, from }: Visit = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const visit = request({
        host: "127.0.0.1",
        port: this.ports.door,
        servername: "localhost",
        path,
        method,
        ca: this.authority,
        agent: false,
        timeout: 20_000,
        headers: {
          Host: `localhost:${this.ports.door}`,
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

  /** Asks for a WebSocket, as a page of the origin would. */
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

  private configuration(): string {
    const file = dashboardPart(production).files.find(({ path }) => path === "/etc/dask/nginx.conf");
    return (file?.content ?? "")
      .replaceAll("/run/dask-dashboard", this.at("run"))
      .replaceAll("/etc/dask/dashboard.htpasswd", this.at("htpasswd"))
      .replaceAll("listen 8787", `listen 127.0.0.1:${this.ports.door}`)
      .replaceAll("8788", String(this.ports.http))
      .replaceAll("8790", String(this.ports.worker));
  }

  private at(name: string): string {
    return join(this.directory, name);
  }
}

/** The header that a browser sends with a password. */
export function authorization(password: string): string {
  return `Basic ${Buffer.from(`${USER}:${password}`).toString("base64")}`;
}
