import { createServer, request as plainRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { authorization, Door, PASSWORD } from "./door";
import { freePorts } from "./processes";
import { describeWith, NGINX } from "./programs";

jest.setTimeout(120_000);

describeWith(NGINX)("the door before a server that tells what it is told", () => {
  let echo: Server;
  let door: Door;
  beforeAll(async () => {
    echo = createServer(({ headers }, response) => response.end(JSON.stringify(headers)));
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    const [at = 0, worker = 0] = await freePorts(2);
    door = await Door.open({ door: at, http: (echo.address() as AddressInfo).port, worker });
  });
  afterAll(async () => {
    await door?.close();
    await new Promise((resolve) => echo.close(resolve));
  });

  /** A TLS connection to the door: what it agrees on, or the code of the error. */
  const greet = (options: ConnectionOptions) =>
    new Promise<{ protocol: string | null; cipher: string; fingerprint: string } | string>((resolve) => {
      const at = { host: "127.0.0.1", port: door.ports.door, servername: "localhost", ca: door.authority };
      const socket: TLSSocket = connect({ ...at, ...options }, () => {
        const { fingerprint256: fingerprint } = socket.getPeerCertificate();
        resolve({ protocol: socket.getProtocol(), cipher: socket.getCipher().name, fingerprint });
        socket.destroy();
      });
      socket.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? ""));
    });

  test("tells Dask whom it speaks for, but no password", async () => {
    const { body } = await door.visit("/", { password: PASSWORD });
    expect(JSON.parse(body)).toEqual({ host: `localhost:${door.ports.door}` });
  });

  test("sends the headers that keep a page to itself", async () => {
    const { headers } = await door.visit("/", { password: PASSWORD });
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "content-security-policy": expect.stringMatching(/^default-src 'self' .* frame-ancestors 'self'$/),
      server: "nginx",
    });
    expect(headers).not.toHaveProperty("strict-transport-security");
  });

  test("plain HTTP is refused", async () => {
    const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) =>
      plainRequest(
        {
          port: door.ports.door,
          host: "127.0.0.1",
          headers: { Authorization: authorization(PASSWORD), Host: "h" },
        },
        (response) => {
          let body = "";
          response.on("data", (text) => {
            body += text;
          });
          response.on("end", () => resolve({ status: response.statusCode, body }));
        },
      )
        .on("error", reject)
        .end(),
    );
    expect(answer).toMatchObject({
      status: 400,
      body: expect.stringContaining("plain HTTP request was sent"),
    });
  });

  test("TLS 1.1 is refused, by the door and not by the client", async () => {
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    expect(await greet(old)).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  test("TLS 1.2 is spoken with authenticated encryption alone, and TLS 1.3 where the client knows it", async () => {
    expect(await greet({})).toMatchObject({ protocol: "TLSv1.3" });
    expect(await greet({ maxVersion: "TLSv1.2" })).toMatchObject({
      protocol: "TLSv1.2",
      cipher: "ECDHE-ECDSA-AES128-GCM-SHA256",
    });
    const weak = "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256@SECLEVEL=0";
    expect(await greet({ maxVersion: "TLSv1.2", ciphers: weak })).toBe(
      "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
    );
  });

  test("a client that does not know the cluster's authority goes away", async () => {
    expect(await greet({ ca: [] })).toBe("SELF_SIGNED_CERT_IN_CHAIN");
  });

  test("a renewed certificate is shown after a reload", async () => {
    const before = await greet({});
    door.renew();
    await expect(door.visit("/")).rejects.toThrow("self-signed certificate in certificate chain");
    await door.reload();
    expect(await door.visit("/", { password: PASSWORD })).toMatchObject({ status: 200 });
    const after = await greet({});
    expect(after).toMatchObject({ protocol: "TLSv1.3" });
    expect(after).not.toEqual(before);
  });

  test("who asks too often is told so, and others are not kept waiting", async () => {
    const attempts = Array.from({ length: 300 }, (_, index) =>
      door.visit("/", { password: `guess ${index}`, from: "127.0.0.2" }),
    );
    const statuses = (await Promise.all(attempts)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.filter((status) => status === 401).length).toBeLessThan(300 - 40);
    expect(await door.visit("/", { password: PASSWORD })).toMatchObject({ status: 200 });
  });
});
