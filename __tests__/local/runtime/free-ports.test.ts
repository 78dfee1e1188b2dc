import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { freePorts, refuseTakenPorts } from "../../../lib/local/runtime/free-ports";
import { failure } from "../definitions";

async function listener(host: string) {
  const server = createServer();
  await once(server.listen(0, host), "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

test.each(["127.0.0.1", "0.0.0.0"])("a port that is taken on %s is named with its process", async (host) => {
  const taken = await listener(host);
  const free = await listener("127.0.0.1");
  free.server.close();
  try {
    const message = await failure(() => refuseTakenPorts({ scheduler: taken.port, dashboard: free.port }));

    expect(message).toContain(`port ${taken.port} (scheduler) is taken by process ${process.pid} (`);
    expect(message).toMatch(
      /\nHint: end it, or choose other ports: npm start -- --ports auto, or npm start -- --scheduler-port 8796 --dashboard-port 8797$/,
    );
    expect(message).not.toContain(String(free.port));
  } finally {
    taken.server.close();
  }
});

test("free ports pass, and are free afterwards", async () => {
  const { server, port } = await listener("127.0.0.1");
  server.close();

  await refuseTakenPorts({ scheduler: port, dashboard: port });
  await refuseTakenPorts({ scheduler: port, dashboard: port });
});

test("free ports are the same for a project while they are free, others for another project, and never taken ones", async () => {
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
