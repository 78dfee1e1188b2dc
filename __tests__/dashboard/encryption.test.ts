import { createServer, request as plainRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { freePorts } from "./processes";
import { describeWith, NGINX } from "./programs";
import { authorization, DashboardProxy, PASSWORD } from "./proxy";

jest.setTimeout(120_000);

describeWith(NGINX)("the dashboard proxy in front of a server that returns its request headers", () => {
  let echo: Server;
  let proxy: DashboardProxy;
  beforeAll(async () => {
    echo = createServer(({ headers }, response) => response.end(JSON.stringify(headers)));
    await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve));
    const [at = 0, worker = 0] = await freePorts(2);
    proxy = await DashboardProxy.open({ proxy: at, http: (echo.address() as AddressInfo).port, worker });
  });
  afterAll(async () => {
    await proxy?.close();
    await new Promise((resolve) => echo.close(resolve));
  });

  /** Opens a TLS connection to the proxy: returns its parameters, or the code of the error. */
  const handshake = (options: ConnectionOptions) =>
    new Promise<{ protocol: string | null; cipher: string; fingerprint: string } | string>((resolve) => {
      const at = { host: "127.0.0.1", port: proxy.ports.proxy, servername: "localhost", ca: proxy.ca };
      const socket: TLSSocket = connect({ ...at, ...options }, () => {
        const { fingerprint256: fingerprint } = socket.getPeerCertificate();
        resolve({ protocol: socket.getProtocol(), cipher: socket.getCipher().name, fingerprint });
        socket.destroy();
      });
      socket.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? ""));
    });

  test("forwards the host name to Dask, but no password", async () => {
    const { body } = await proxy.visit("/", { password: PASSWORD });
    expect(JSON.parse(body)).toEqual({ host: `localhost:${proxy.ports.proxy}` });
  });

  test("sends the security headers", async () => {
    const { headers } = await proxy.visit("/", { password: PASSWORD });
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "same-origin",
      "content-security-policy": expect.stringMatching(/^default-src 'self' .* frame-ancestors 'self'$/),
      server: "nginx",
    });
    expect(headers).not.toHaveProperty("strict-transport-security");
  });

  test("plain HTTP is rejected", async () => {
    const answer = await new Promise<{ status: number | undefined; body: string }>((resolve, reject) =>
      plainRequest(
        {
          port: proxy.ports.proxy,
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

  test("TLS 1.1 is rejected by the proxy, not by the client", async () => {
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    expect(await handshake(old)).toBe("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
  });

  test("TLS 1.3 is used if the client supports it, and TLS 1.2 only with authenticated encryption", async () => {
    expect(await handshake({})).toMatchObject({ protocol: "TLSv1.3" });
    expect(await handshake({ maxVersion: "TLSv1.2" })).toMatchObject({
      protocol: "TLSv1.2",
      cipher: "ECDHE-ECDSA-AES128-GCM-SHA256",
    });
    const weak = "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256@SECLEVEL=0";
    expect(await handshake({ maxVersion: "TLSv1.2", ciphers: weak })).toBe(
      "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
    );
  });

  test("a client without the cluster's CA closes the connection", async () => {
    expect(await handshake({ ca: [] })).toBe("SELF_SIGNED_CERT_IN_CHAIN");
  });

  test("a renewed certificate is used after a reload", async () => {
    const before = await handshake({});
    proxy.renew();
    await expect(proxy.visit("/")).rejects.toThrow("self-signed certificate in certificate chain");
    await proxy.reload();
    expect(await proxy.visit("/", { password: PASSWORD })).toMatchObject({ status: 200 });
    const after = await handshake({});
    expect(after).toMatchObject({ protocol: "TLSv1.3" });
    expect(after).not.toEqual(before);
  });

  test("an address with too many requests gets status 429, and others are not delayed", async () => {
    const attempts = Array.from({ length: 300 }, (_, index) =>
      proxy.visit("/", { password: `guess ${index}`, from: "127.0.0.2" }),
    );
    const statuses = (await Promise.all(attempts)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.filter((status) => status === 401).length).toBeLessThan(300 - 40);
    expect(await proxy.visit("/", { password: PASSWORD })).toMatchObject({ status: 200 });
  });
});
