import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { normalized } from "../../../lib/node/packages/wheel";

/** Server with the simple API of a package index (PEP 503), for the files of a folder. It stands for PyPI and private indexes. */
export class IndexServer {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param password if it is given, the server answers 401 to requests without it; the user is `user` */
  static async start(folder: string, password?: string): Promise<IndexServer> {
    const expected = `Basic ${Buffer.from(`user:${password}`).toString("base64")}`;
    const nameOf = (file: string) => normalized(file.split("-")[0] ?? "");
    const server = createServer((request, response) => {
      const [, kind, name = ""] = /^\/(simple|files)\/([^/]*)\/?$/.exec(request.url ?? "") ?? [];
      if (password !== undefined && request.headers.authorization !== expected)
        return response.writeHead(401, { "WWW-Authenticate": "Basic" }).end();
      const files = readdirSync(folder);
      if (kind === "files" && files.includes(name)) return response.end(readFileSync(join(folder, name)));
      const found = kind === "simple" ? files.filter((file) => nameOf(file) === name) : [];
      if (found.length === 0) return response.writeHead(404).end();
      const links = found.map((file) => `<a href="/files/${file}">${file}</a>`);
      return response.writeHead(200, { "Content-Type": "text/html" }).end(links.join("\n"));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    return new IndexServer(server, (server.address() as AddressInfo).port);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/simple`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await once(this.server.close(), "close");
  }
}
