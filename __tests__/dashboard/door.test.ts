import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { Cluster } from "./cluster";
import { authorization, Door, PASSWORD } from "./door";
import { describeWith, NGINX } from "./programs";

jest.setTimeout(120_000);

/** One of Bokeh's pages holds the token that its WebSocket asks for. */
const tokenIn = (page: string) => /"token":"([^"]+)"/.exec(page)?.[1] ?? "";

describeWith(NGINX)("the door before a real dashboard", () => {
  let cluster: Cluster;
  let door: Door;
  beforeAll(async () => {
    cluster = await Cluster.start();
    door = await Door.open(cluster.ports);
  }, 700_000);
  afterAll(async () => {
    await door?.close();
    await cluster?.stop();
  });

  describe.each(["/status", "/health", "/metrics", "/json/counts.json", "/info/main/workers.html"])(
    "%s",
    (path) => {
      test("is refused without a password", async () => {
        const { status, headers, body } = await door.visit(path);
        expect(status).toBe(401);
        expect(headers["www-authenticate"]).toBe('Basic realm="Dask cluster production"');
        expect(body).not.toMatch(/dask|bokeh/i);
      });

      test("is refused with a wrong one", async () => {
        expect(await door.visit(path, { password: "hunter2" })).toMatchObject({ status: 401 });
      });

      test("opens with the right one", async () => {
        expect(await door.visit(path, { password: PASSWORD })).toMatchObject({ status: 200 });
      });
    },
  );

  test("who has no password waits, who has it does not", async () => {
    const seconds = async (password: string) => {
      const begun = performance.now();
      await door.visit("/health", { password });
      return (performance.now() - begun) / 1000;
    };
    expect(await seconds("hunter2")).toBeGreaterThan(0.9);
    expect(await seconds(PASSWORD)).toBeLessThan(0.9);
  });

  test("the dashboard of a worker opens at the link of the scheduler's, with the password", async () => {
    const { body } = await door.visit("/info/main/workers.html", { password: PASSWORD });
    const link = `/proxy/${cluster.ports.worker}/127.0.0.1/status`;
    expect(body).toContain(link);
    expect(await door.visit(link)).toMatchObject({ status: 401 });
    const page = await door.visit(link, { password: PASSWORD });
    expect(page).toMatchObject({ status: 200, body: expect.stringContaining(">Profile-Server<") });
  });

  test("of no other port, nor for another method, does the door ask a machine", async () => {
    const other = `/proxy/${cluster.ports.http}/127.0.0.1/api/v1/get_workers`;
    expect((await door.visit(other, { password: PASSWORD })).body).not.toContain("num_workers");
    const own = `/proxy/${cluster.ports.worker}/127.0.0.1/status`;
    expect(await door.visit(own, { method: "POST", password: PASSWORD })).toMatchObject({ status: 403 });
  });

  describe("the HTTP API, which the scheduler answers on its own machine,", () => {
    const paths = [
      "/api/v1/retire_workers",
      "/api/v1/get_workers",
      "/api/v1",
      "//api/v1/get_workers",
      "/%61pi/v1/get_workers",
      "/status/../api/v1/get_workers",
      "/status/..%2fapi/v1/get_workers",
    ];
    test.each(paths)("is not found at %s, whoever asks, and by whatever method", async (path) => {
      for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
        expect({ method, ...(await door.visit(path, { method })) }).toMatchObject({ method, status: 404 });
        const known = await door.visit(path, { method, password: PASSWORD });
        expect({ method, ...known }).toMatchObject({ method, status: 404 });
        expect(known.body).not.toContain("num_workers");
      }
    });

    test("is there, and lost no worker by it", async () => expect(await cluster.workers()).toBe(2));
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s is forbidden", async (method) => {
    expect(await door.visit("/status", { method, password: PASSWORD })).toMatchObject({ status: 403 });
  });

  describe("a WebSocket", () => {
    const open: Socket[] = [];
    const knock = async (origin: string, password?: string, path = "/status/ws") => {
      const { body } = await door.visit("/status", { password: PASSWORD });
      const answer = await door.handshake(path, origin, {
        headers: { "Sec-WebSocket-Protocol": `bokeh, ${tokenIn(body)}` },
        ...(password === undefined ? {} : { password }),
      });
      if (answer.socket) open.push(answer.socket);
      return answer;
    };
    afterEach(() => {
      for (const socket of open.splice(0)) socket.destroy();
    });

    test("is refused without a password, and with a wrong one", async () => {
      expect(await knock(door.url)).toMatchObject({ status: 401 });
      expect(await knock(door.url, "hunter2")).toMatchObject({ status: 401 });
    });

    test.each([
      "https://evil.example",
      "http://localhost",
      "https://localhost:1",
      "https://scheduler.production.internal:443",
    ])("is refused from %s", async (origin) => {
      expect(await knock(origin, PASSWORD)).toMatchObject({ status: 403 });
      expect(await knock(origin, PASSWORD, "/eventstream")).toMatchObject({ status: 403 });
    });

    test("is opened with the password, and Bokeh speaks", async () => {
      const { status, socket } = await knock(door.url, PASSWORD);
      expect(status).toBe(101);
      const [first] = await new Promise<Buffer[]>((resolve) =>
        socket?.once("data", (data) => resolve([data])),
      );
      expect(first?.toString()).toContain('"msgtype": "ACK"');
    });

    test("is opened for a page of the scheduler's name", async () => {
      const origin = `https://scheduler.production.internal:${cluster.ports.door}`;
      expect(await knock(origin, PASSWORD)).toMatchObject({ status: 101 });
    });

    test("stays open when the door takes a renewed certificate", async () => {
      const { socket } = await knock(door.url, PASSWORD);
      socket?.resume();
      door.renew();
      await door.reload();
      expect(await door.visit("/health", { password: PASSWORD })).toMatchObject({ status: 200 });
      await new Promise((resolve) => socket?.once("data", resolve));
    });
  });

  test("a new password is in force at once, and the old one is not", async () => {
    door.admit("a new one");
    try {
      expect(await door.visit("/health", { password: PASSWORD })).toMatchObject({ status: 401 });
      expect(await door.visit("/health", { password: "a new one" })).toMatchObject({ status: 200 });
    } finally {
      door.admit(PASSWORD);
    }
  });

  test("no password is in what nginx writes, though every refusal is", async () => {
    await door.visit("/health", { password: "hunter2" });
    const said = readFileSync(door.log, "utf8");
    expect(said).toContain('user "dask": password mismatch, client: 127.0.0.1');
    for (const password of [PASSWORD, "hunter2"]) {
      expect(said).not.toContain(password);
      expect(said).not.toContain(authorization(password).slice("Basic ".length));
    }
  });
});
