import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { Cluster } from "./cluster";
import { describeWith, NGINX } from "./programs";
import { authorization, DashboardProxy, PASSWORD } from "./proxy";

jest.setTimeout(120_000);

/** The token in a page of Bokeh, which its WebSocket needs. */
const tokenIn = (page: string) => /"token":"([^"]+)"/.exec(page)?.[1] ?? "";

describeWith(NGINX)("the dashboard proxy in front of a real dashboard", () => {
  let cluster: Cluster;
  let proxy: DashboardProxy;
  beforeAll(async () => {
    cluster = await Cluster.start();
    proxy = await DashboardProxy.open(cluster.ports);
  }, 700_000);
  afterAll(async () => {
    await proxy?.close();
    await cluster?.stop();
  });

  describe.each(["/status", "/health", "/metrics", "/json/counts.json", "/info/main/workers.html"])(
    "%s",
    (path) => {
      test("is rejected without a password", async () => {
        const { status, headers, body } = await proxy.visit(path);
        expect(status).toBe(401);
        expect(headers["www-authenticate"]).toBe('Basic realm="Dask cluster production"');
        expect(body).not.toMatch(/dask|bokeh/i);
      });

      test("is rejected with a wrong password", async () => {
        expect(await proxy.visit(path, { password: "hunter2" })).toMatchObject({ status: 401 });
      });

      test("is served with the password", async () => {
        expect(await proxy.visit(path, { password: PASSWORD })).toMatchObject({ status: 200 });
      });
    },
  );

  test("a request with a wrong password is delayed, one with the password is not", async () => {
    const seconds = async (password: string) => {
      const begun = performance.now();
      await proxy.visit("/health", { password });
      return (performance.now() - begun) / 1000;
    };
    expect(await seconds("hunter2")).toBeGreaterThan(0.9);
    expect(await seconds(PASSWORD)).toBeLessThan(0.9);
  });

  test("the dashboard of a worker is served at the link on the scheduler's page, with the password", async () => {
    const { body } = await proxy.visit("/info/main/workers.html", { password: PASSWORD });
    const link = `/proxy/${cluster.ports.worker}/127.0.0.1/status`;
    expect(body).toContain(link);
    expect(await proxy.visit(link)).toMatchObject({ status: 401 });
    const page = await proxy.visit(link, { password: PASSWORD });
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining(">Profile-Server<") });
  });

  test("other ports and other methods are not forwarded to nodes", async () => {
    const other = `/proxy/${cluster.ports.http}/127.0.0.1/api/v1/get_workers`;
    expect((await proxy.visit(other, { password: PASSWORD })).body).not.toContain("num_workers");
    const scaling = `/proxy/${cluster.ports.http}/127.0.0.1/autoscaling`;
    expect((await proxy.visit(scaling, { password: PASSWORD })).body).not.toContain("demands");
    const own = `/proxy/${cluster.ports.worker}/127.0.0.1/status`;
    expect(await proxy.visit(own, { method: "POST", password: PASSWORD })).toMatchObject({ status: 403 });
  });

  describe("the HTTP API, which the scheduler serves on its node,", () => {
    const paths = [
      "/api/v1/retire_workers",
      "/api/v1/get_workers",
      "/api/v1",
      "//api/v1/get_workers",
      "/%61pi/v1/get_workers",
      "/status/../api/v1/get_workers",
      "/status/..%2fapi/v1/get_workers",
    ];
    test.each(paths)("is not found at %s, with and without password, by any method", async (path) => {
      for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
        expect({ method, ...(await proxy.visit(path, { method })) }).toMatchObject({ method, status: 404 });
        const known = await proxy.visit(path, { method, password: PASSWORD });
        expect({ method, ...known }).toMatchObject({ method, status: 404 });
        expect(known.body).not.toContain("num_workers");
      }
    });

    test("is served by the scheduler, which still has its workers", async () =>
      expect(await cluster.workers()).toBe(2));
  });

  describe("the interface for the autoscaler, which the scheduler serves on its node,", () => {
    const paths = [
      "/autoscaling",
      "/autoscaling/command",
      "//autoscaling",
      "/%61utoscaling",
      "/status/../autoscaling",
      "/status/..%2fautoscaling",
    ];
    test.each(paths)("is not found at %s, with and without password, by any method", async (path) => {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        expect({ method, ...(await proxy.visit(path, { method })) }).toMatchObject({ method, status: 404 });
        const known = await proxy.visit(path, { method, password: PASSWORD });
        expect({ method, ...known }).toMatchObject({ method, status: 404 });
        expect(known.body).not.toContain("demands");
      }
    });

    test("is served by the scheduler", async () => {
      const snapshot = (await (await cluster.ask("/autoscaling")).json()) as { nodes: { cpu: unknown[] } };
      expect(snapshot.nodes.cpu).toHaveLength(2);
    });
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s is forbidden", async (method) => {
    expect(await proxy.visit("/status", { method, password: PASSWORD })).toMatchObject({ status: 403 });
  });

  describe("a WebSocket", () => {
    const open: Socket[] = [];
    const connect = async (origin: string, password?: string, path = "/status/ws") => {
      const { body } = await proxy.visit("/status", { password: PASSWORD });
      const answer = await proxy.handshake(path, origin, {
        headers: { "Sec-WebSocket-Protocol": `bokeh, ${tokenIn(body)}` },
        ...(password === undefined ? {} : { password }),
      });
      if (answer.socket) open.push(answer.socket);
      return answer;
    };
    afterEach(() => {
      for (const socket of open.splice(0)) socket.destroy();
    });

    test("is rejected without a password, and with a wrong one", async () => {
      expect(await connect(proxy.url)).toMatchObject({ status: 401 });
      expect(await connect(proxy.url, "hunter2")).toMatchObject({ status: 401 });
    });

    test.each([
      "https://evil.example",
      "http://localhost",
      "https://localhost:1",
      "https://scheduler.production.internal:443",
    ])("is rejected from %s", async (origin) => {
      expect(await connect(origin, PASSWORD)).toMatchObject({ status: 403 });
      expect(await connect(origin, PASSWORD, "/eventstream")).toMatchObject({ status: 403 });
    });

    test("is opened with the password, and has messages of Bokeh", async () => {
      const { status, socket } = await connect(proxy.url, PASSWORD);
      expect(status).toBe(101);
      const [first] = await new Promise<Buffer[]>((resolve) =>
        socket?.once("data", (data) => resolve([data])),
      );
      expect(first?.toString()).toContain('"msgtype": "ACK"');
    });

    test("is opened for a page at the scheduler's name", async () => {
      const origin = `https://scheduler.production.internal:${cluster.ports.proxy}`;
      expect(await connect(origin, PASSWORD)).toMatchObject({ status: 101 });
    });

    test("stays open when the proxy loads a renewed certificate", async () => {
      const { socket } = await connect(proxy.url, PASSWORD);
      socket?.resume();
      proxy.renew();
      await proxy.reload();
      expect(await proxy.visit("/health", { password: PASSWORD })).toMatchObject({ status: 200 });
      await new Promise((resolve) => socket?.once("data", resolve));
    });
  });

  test("a new password replaces the old one at once", async () => {
    proxy.setPassword("a new one");
    try {
      expect(await proxy.visit("/health", { password: PASSWORD })).toMatchObject({ status: 401 });
      expect(await proxy.visit("/health", { password: "a new one" })).toMatchObject({ status: 200 });
    } finally {
      proxy.setPassword(PASSWORD);
    }
  });

  test("the log of nginx has every rejection, but no password", async () => {
    await proxy.visit("/health", { password: "hunter2" });
    const log = readFileSync(proxy.log, "utf8");
    expect(log).toContain('user "dask": password mismatch, client: 127.0.0.1');
    for (const password of [PASSWORD, "hunter2"]) {
      expect(log).not.toContain(password);
      expect(log).not.toContain(authorization(password).slice("Basic ".length));
    }
  });
});
