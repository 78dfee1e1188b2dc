import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { checkPortsFree, freePorts } from "../../../lib/local/runtime/free-ports";
import { failure } from "../definitions";

async function listener(host: string) {
  const server = createServer();
  await once(server.listen(0, host), "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

test.each(["127.0.0.1", "0.0.0.0"])("reports a port that is in use on %s, with its process", async (host) => {
  const used = await listener(host);
  const free = await listener("127.0.0.1");
  free.server.close();
  try {
    const message = await failure(() => checkPortsFree({ scheduler: used.port, dashboard: free.port }));

    expect(message).toContain(`port ${used.port} (scheduler) is in use by process ${process.pid} (`);
    expect(message).toMatch(
      /\nHint: stop it, or choose other ports: npm start -- --ports auto, or npm start -- --scheduler-port 8796 --dashboard-port 8797$/,
    );
    expect(message).not.toContain(String(free.port));
  } finally {
    used.server.close();
  }
});

test("accepts free ports, and leaves them free", async () => {
  const { server, port } = await listener("127.0.0.1");
  server.close();

  await checkPortsFree({ scheduler: port, dashboard: port });
  await checkPortsFree({ scheduler: port, dashboard: port });
});

test("returns the same free ports for a project again, and other ports for another project or if they are in use", async () => {
  const ports = await freePorts("/a");
  expect(await freePorts("/a")).toEqual(ports);
  expect(ports.dashboard).toBe(ports.scheduler + 1);
  expect((await freePorts("/b")).scheduler).not.toBe(ports.scheduler);

  const server = createServer();
  await once(server.listen(ports.dashboard, "127.0.0.1"), "listening");
  const others = await freePorts("/a");
  server.close();
  expect(others.scheduler).not.toBe(ports.scheduler);
});
