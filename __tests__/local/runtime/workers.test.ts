import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { localPaths } from "../../../lib/local/paths";
import type { StepContext } from "../../../lib/local/runtime/run-command";
import { countWorkers, registrationDeadline, waitForWorkers } from "../../../lib/local/runtime/workers";
import type { Expectation } from "../../../lib/node/expectation";
import { failure } from "../definitions";

mkdirSync(".test", { recursive: true });
const directory = mkdtempSync(".test/workers-");
const paths = localPaths("test", directory);
mkdirSync(paths.logs, { recursive: true });
afterAll(() => rmSync(directory, { recursive: true }));

const expected: Expectation = {
  cluster: "test",
  release: "2026.7",
  dask: "2026.7.1",
  pools: [
    { name: "cpu", kind: "cpu", resources: { CPU: 1 }, workers: 2 },
    { name: "big", kind: "cpu", resources: { CPU: 1 }, workers: 1 },
  ],
};

const OURS = "tcp://127.0.0.1:8786";

/** Stands for identity.json of the scheduler: returns one answer after the other, and repeats the last. */
async function scheduler(address: string, answers: readonly string[][]) {
  const rest = [...answers];
  const server = createServer((_, response) => {
    const names = (rest.length > 1 ? rest.shift() : rest[0]) ?? [];
    const workers = Object.fromEntries(names.map((name, index) => [`tcp://127.0.0.1:${index}`, { name }]));
    response.end(JSON.stringify({ address, workers }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, ports: { scheduler: 8786, dashboard: (server.address() as AddressInfo).port } };
}

/** Waits for the workers, and returns the lines of progress. */
async function wait(
  address: string,
  answers: readonly string[][],
  signal = new AbortController().signal,
  checkPrograms = async () => {},
) {
  const lines: string[] = [];
  const context: StepContext = { paths, log: (line) => lines.push(line), signal };
  const { server, ports } = await scheduler(address, answers);
  try {
    await waitForWorkers(context, expected, OURS, ports, checkPrograms);
    return lines;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

test("waits for the workers of each pool, and reports each change", async () => {
  const lines = await wait(OURS, [[], ["cpu--local-0"], ["cpu--local-0", "cpu--local-1-0", "big--local-0"]]);

  expect(lines).toEqual([
    "workers registered: cpu 0 of 2, big 0 of 1",
    "workers registered: cpu 1 of 2, big 0 of 1",
    "workers registered: cpu 2 of 2, big 1 of 1",
  ]);
});

test("does not count workers of one pool for another", async () => {
  const aborted = AbortSignal.timeout(1500);

  expect(
    await failure(() => wait(OURS, [["cpu--local-0", "cpu--local-1", "cpu--local-2"]], aborted)),
  ).toMatch(/abort/);
});

test("rejects another scheduler at the port of the dashboard", async () => {
  expect(await failure(() => wait("tcp://127.0.0.1:9999", [["cpu--a", "cpu--b", "big--c"]]))).toMatch(
    /^port \d+ \(dashboard\) is in use by the scheduler tcp:\/\/127\.0\.0\.1:9999$/,
  );
});

test("ends with the error of a program that failed", async () => {
  const checkPrograms = async () => {
    throw new Error("big--local-0 failed");
  };

  expect(await failure(() => wait(OURS, [[]], undefined, checkPrograms))).toBe("big--local-0 failed");
});

test("allows more time for many workers", () => {
  expect([3, 30, 70].map(registrationDeadline)).toEqual([180, 180, 420]);
});

describe("the workers of a running cluster", () => {
  const whole = { pools: [{ workers: 2 }, { workers: 1 }] };
  const count = async (answers: readonly (number | string)[], expectation: unknown = whole) => {
    mkdirSync(paths.root, { recursive: true });
    writeFileSync(paths.expectation, JSON.stringify(expectation));
    const rest = [...answers];
    // Stands for a scheduler whose identity.json fails, like after tasks have run.
    const server = createServer(({ url }, response) => {
      const workers = rest.length > 1 ? rest.shift() : rest[0];
      if (url !== "/json/counts.json" || typeof workers === "string") response.writeHead(500).end("<html>");
      else response.end(JSON.stringify({ workers }));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const ports = { scheduler: 1, dashboard: (server.address() as AddressInfo).port };
    try {
      return await countWorkers(paths, { generation: 1, address: OURS, ports }, 2);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  };

  test("are counted until all are registered", async () => {
    expect(await count([3])).toEqual({ registered: 3, expected: 3 });
    expect(await count([1, "error", 3])).toEqual({ registered: 3, expected: 3 });
  });

  test("are fewer than expected after the wait", async () => {
    expect(await count([0])).toEqual({ registered: 0, expected: 3 });
  });

  test("are unknown if the scheduler does not answer", async () => {
    expect(await count(["error"])).toBeUndefined();
  });
});
