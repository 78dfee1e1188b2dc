import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MIB } from "../../lib/config/bytes";
import { packageRoot } from "../../lib/node/package-file";
import { checkers, INSTALL_TIMEOUT } from "../support/python-environment";
import { cluster } from "./cluster";
import { Engine } from "./engine/engine";
import { debianImages } from "./engine/images";
import { missing } from "./engine/requirements";
import { Project } from "./project";

const FOLDER = resolve(".test/compose");

const absent = missing();
if (absent !== undefined)
  process.stderr.write(`\nSKIPPED: Docker Compose: ${absent}; then: npm run test:compose\n\n`);

jest.setTimeout(180_000);

(absent === undefined || process.env.CI ? describe : describe.skip)("a cluster in Docker Compose", () => {
  let engine: Engine;
  let project: Project;
  let python: string;

  beforeAll(async () => {
    const [images, bin] = await Promise.all([debianImages(FOLDER), checkers()]);
    python = join(bin, "python");
    engine = await Engine.start(FOLDER, images);
    project = await Project.create(engine, cluster, images, python);
    await project.run("build", "--quiet");
  }, INSTALL_TIMEOUT);
  afterAll(async () => {
    await engine?.close();
  });

  /** What a client on the computer with the engine finds, once the cluster has these workers. */
  async function client(workers: number) {
    const source = join(packageRoot(), "python/src");
    const argv = [
      "env",
      `PYTHONPATH=${source}`,
      "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT=20s",
      python,
      "-B",
    ];
    const script = [join(__dirname, "client.py"), project.folder, cluster.name, String(workers)];
    const { code, stdout, stderr } = await engine.onHost([...argv, ...script], 90);
    if (code !== 0) {
      // Whether a container or its network changed when the client failed.
      const names = ["start", "die", "oom", "connect", "disconnect"].flatMap((event) => [
        "--filter",
        `event=${event}`,
      ]);
      const events = await engine.docker(["events", "--since", "2m", "--until", "0s", ...names]);
      const log = await project.run("logs", "--timestamps", "scheduler");
      throw new Error([stderr, events.stdout, events.stderr, log].join("\n"));
    }
    return JSON.parse(stdout);
  }

  test("starts scheduler and workers, and waits until they are healthy", async () => {
    await project.run("up", "--detach", "--wait", "--wait-timeout", "120");
    const [scheduler, workers] = [await project.containers("scheduler"), await project.containers("cpu")];
    expect([...scheduler, ...workers].map(({ State }) => State.Health.Status)).toEqual(
      Array(3).fill("healthy"),
    );
  });

  test("gives containers no privileges, and the memory of the definition", async () => {
    for (const container of [
      ...(await project.containers("scheduler")),
      ...(await project.containers("cpu")),
    ])
      expect(container.HostConfig).toMatchObject({
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
      });
    const [worker] = await project.containers("cpu");
    // The limit of its worker, and 512 MiB.
    expect(worker?.HostConfig.Memory).toBe(1024 * MIB);
    const status = await project.run("exec", "cpu", "cat", "/proc/1/status");
    expect(status).toMatch(/^Uid:\t10001\t10001/m);
    expect(status).toMatch(/^CapEff:\t0000000000000000$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  });

  test("lets containers write to memory and to their volume only", async () => {
    const write = async (path: string) => {
      const { code, stderr } = await project.compose(["exec", "cpu", "sh", "-c", `echo > ${path}/file`]);
      return code === 0 ? "written" : /Read-only file system|Permission denied/.exec(stderr)?.[0];
    };
    const paths = [
      "/tmp",
      "/var/lib/dask",
      "/var/lib/dask/scratch",
      "/opt/dask/env",
      "/etc/dask",
      "/etc/dask/tls",
    ];
    const outcomes = await Promise.all(paths.map(write));
    expect(Object.fromEntries(paths.map((path, index) => [path, outcomes[index]]))).toEqual({
      "/tmp": "written",
      "/var/lib/dask": "written",
      "/var/lib/dask/scratch": "written",
      "/opt/dask/env": "Read-only file system",
      "/etc/dask": "Read-only file system",
      "/etc/dask/tls": "Read-only file system",
    });
  });

  test("publishes its ports on the loopback interface only", async () => {
    const [scheduler] = await project.containers("scheduler");
    expect(scheduler?.HostConfig.PortBindings).toEqual({
      "8786/tcp": [{ HostIp: "127.0.0.1", HostPort: "8786" }],
      "8787/tcp": [{ HostIp: "127.0.0.1", HostPort: "8787" }],
    });
  });

  test("passes the smoke test", async () => {
    const report = await project.run("run", "--rm", "smoke-test");
    expect(report).toMatch(/8 passed, 1 absent/);
  });

  test("connects a client of the computer by name, with the copied certificate", async () => {
    await project.run("cp", "scheduler:/etc/dask/tls/.dask", "/mnt/project/cluster");
    const found = await client(2);
    expect(found).toMatchObject({ address: "tls://127.0.0.1:8786", sum: 6 });
    expect(found.workers).toEqual((await names()).sort());
  });

  /** Names that the workers of the CPU pool should have. */
  const names = async () => (await project.containers("cpu")).map(({ Config }) => `cpu--${Config.Hostname}`);

  test("gives tasks the settings, variables and resources of the definition", async () => {
    // Functions need the same Python on both ends, so this client is a container.
    const program = readFileSync(join(__dirname, "facts.py"), "utf8");
    const printed = await project.run("run", "--rm", "--no-TTY", "smoke-test", "python", "-c", program);
    const facts = JSON.parse(printed);
    expect(facts).toHaveLength(2);
    for (const fact of facts)
      expect(fact).toEqual({
        name: expect.stringMatching(/^cpu--[0-9a-f]{12}$/),
        greeting: cluster.environmentVariables?.GREETING,
        "chunk-size": "64MiB",
        user: 10001,
        "memory limit": 512 * MIB,
        resources: { CPU: 1 },
      });
  });

  test("refuses a client without TLS", async () => {
    const program = `
from distributed import Client
try:
    Client("tcp://127.0.0.1:8786", timeout=5)
except OSError as error:
    print("refused")`;
    const { stdout } = await engine.onHost([python, "-c", program]);
    expect(stdout).toBe("refused\n");
  });

  test("adds workers, and keeps certificates", async () => {
    await project.run("up", "--detach", "--wait", "--scale", "cpu=3");
    expect((await client(3)).workers).toEqual((await names()).sort());
    const { stdout: logs } = await engine.docker(["logs", "dask-composed-certificates-1"]);
    const [created, kept, ...others] = logs.trimEnd().split("\n");
    const print = / SHA-256 (\S+) until /;
    expect(created).toMatch(/^certificates of composed created, because node\.pem is missing: SHA-256/);
    expect([kept, ...others].every((line) => line?.includes(" kept: "))).toBe(true);
    expect(print.exec(kept ?? "")?.[1]).toBe(print.exec(created ?? "")?.[1]);
  });

  test("restarts a worker that is killed", async () => {
    const [worker] = await project.containers("cpu");
    await engine.command(["sh", "-c", `kill -9 ${worker?.State.Pid}`]);
    await project.run("up", "--detach", "--wait", "--scale", "cpu=3");
    expect((await client(3)).sum).toBe(6);
    const restarts = (await project.containers("cpu")).map(({ RestartCount }) => RestartCount);
    expect([...restarts].sort()).toEqual([0, 0, 1]);
  });

  test("gets its workers back after a restart of the scheduler", async () => {
    await project.run("restart", "scheduler");
    await project.run("up", "--detach", "--wait", "--scale", "cpu=3");
    const found = await client(3);
    expect(found.sum).toBe(6);
    expect(found.workers).toEqual((await names()).sort());
  });

  test("runs Prometheus, which has the metrics of all workers and the alert rules", async () => {
    await project.run("--profile", "monitoring", "up", "--build", "--detach", "--wait", "--scale", "cpu=3");
    const get = async (path: string) => {
      const url = `http://127.0.0.1:8788/prometheus/${path}`;
      const retries = ["--retry", "10", "--retry-delay", "1", "--retry-all-errors"];
      return (await engine.onHost(["curl", "--silent", "--show-error", "--fail", ...retries, url])).stdout;
    };
    const query = "count by (pool) (last_over_time(dask_cluster_worker_heartbeat_age_seconds[1m]))";
    let result: unknown = [];
    // A scrape each 15 s.
    for (let attempt = 0; attempt < 40 && JSON.stringify(result) === "[]"; attempt++) {
      await sleep(1000);
      result = JSON.parse(await get(`api/v1/query?query=${encodeURIComponent(query)}`)).data.result;
    }
    expect(result).toMatchObject([{ metric: { pool: "cpu" }, value: [expect.any(Number), "3"] }]);
    const { groups } = JSON.parse(await get("api/v1/rules")).data;
    expect(groups.flatMap(({ rules }: { rules: readonly unknown[] }) => rules).length).toBeGreaterThan(15);
    expect(await get("consoles/dask.html")).toContain("composed");
  });

  test("says what a GPU pool needs where the NVIDIA Container Toolkit is missing", async () => {
    await engine.docker(["tag", "cdktf-dask/composed-cpu:2026.7", "cdktf-dask/composed-gpu:2026.7"]);
    const { code, stderr } = await project.compose([
      "--profile",
      "gpu",
      "up",
      "--detach",
      "--no-build",
      "gpu",
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('could not select device driver "nvidia" with capabilities: [[gpu]]');
  });

  test("leaves no container, network or volume", async () => {
    await project.run("--profile", "*", "down", "--volumes");
    const list = async (...argv: string[]) => (await engine.docker(argv)).stdout.trim().split("\n");
    expect(await list("ps", "--all", "--quiet")).toEqual([""]);
    expect(await list("volume", "ls", "--quiet")).toEqual([""]);
    expect((await list("network", "ls", "--format", "{{.Name}}")).sort()).toEqual(["bridge", "host", "none"]);
  });

  test("ends with its engine: no process, mount or control group remains", async () => {
    expect(await engine.close()).toEqual([]);
  });
});
