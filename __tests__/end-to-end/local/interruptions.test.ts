import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LOOPBACK } from "../../../lib/local/ports";
import { processesOf } from "../../../lib/local/runtime/processes";
import { Checkout } from "../checkout";

jest.setTimeout(1_800_000);

const RUNS = "The cluster runs, and its smoke test has passed.";
const REMOVED = "The cluster is removed: no process and no file remains.";

let checkout: Checkout;
beforeAll(async () => {
  checkout = await Checkout.make();
});
afterAll(() => checkout.remove());

const path = (name: string) => join(checkout.directory, name);

describe("files that a crash damaged", () => {
  afterEach(() => checkout.script("stop"));

  test.each([
    ["empty", () => ""],
    ["cut off", (whole: string) => whole.slice(0, whole.length / 2)],
    ["zeros", (whole: string) => "\0".repeat(whole.length)],
  ])("start, synth and stop work with files that are %s", async (_, damage) => {
    expect((await checkout.script("start")).output).toContain(RUNS);
    const files = [
      "terraform.local.tfstate",
      "cdktf.out/outputs.json",
      "cdktf.out/manifest.json",
      "cdktf.out/stacks/local/cdk.tf.json",
      "cdktf.out/stacks/local/.terraform/terraform.tfstate",
      "dist/local.js",
      "dist/lib/local/runtime/start.js",
      ".dask/local/supervisord.pid",
      ".dask/local/supervisord.conf",
      ".dask/local/run.json",
      ".dask/local/expectation.json",
      ".dask/local/environment/made-from",
    ];
    for (const file of files) writeFileSync(path(file), damage(readFileSync(path(file), "utf8")));

    const synth = await checkout.cdktf("synth");
    expect(synth.code).toBe(0);
    expect(synth.output).toContain("Generated Terraform code for the stacks: local");
    for (const file of files) writeFileSync(path(file), damage(readFileSync(path(file), "utf8")));

    const start = await checkout.script("start");
    expect(start.output).toContain("terraform.local.tfstate is incomplete");
    expect(start.output).toContain(RUNS);
    expect(await checkout.workers()).toBe("2 workers");

    for (const file of files) writeFileSync(path(file), damage(readFileSync(path(file), "utf8")));
    const stop = await checkout.script("stop");
    expect(stop.output).toContain(REMOVED);
    expect(checkout.remaining).toEqual([]);
    expect(await checkout.workers()).toBeUndefined();
  });
});

describe("a recorded cluster that is not complete", () => {
  afterEach(() => checkout.script("stop"));

  test("npm start replaces it: without a scheduler, workers, environment or files", async () => {
    expect((await checkout.script("start")).output).toContain(RUNS);
    const kill = (...words: string[]) => {
      for (const pid of processesOf(checkout.paths)) {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        if (words.some((word) => command.includes(word))) process.kill(pid, "SIGKILL");
      }
    };
    // The supervisor is suspended, because it would start the scheduler again.
    const faults = {
      "no scheduler": () => {
        process.kill(checkout.supervisor, "SIGSTOP");
        kill("\0scheduler\0");
      },
      "no workers": () => {
        process.kill(checkout.supervisor, "SIGSTOP");
        kill("\0worker\0", "multiprocessing");
      },
      "no environment": () => rmSync(checkout.paths.environment, { recursive: true }),
      "no files": () => rmSync(path(".dask"), { recursive: true }),
      "a damaged library, and no processes": () => {
        kill("");
        const [library = ""] = readdirSync(join(checkout.paths.environment, "lib"));
        writeFileSync(
          join(checkout.paths.environment, "lib", library, "site-packages/distributed/core.py"),
          "\0",
        );
      },
    };
    for (const [fault, make] of Object.entries(faults)) {
      make();
      const { code, output } = await checkout.script("start");
      expect([fault, code, output]).toEqual([fault, 0, expect.stringContaining(RUNS)]);
      expect([fault, await checkout.workers()]).toEqual([fault, "2 workers"]);
    }
  });

  test("npm start and npm stop keep a state of another project", async () => {
    const resources = [{ mode: "managed", type: "aws_instance", name: "theirs", instances: [] }];
    const foreign = JSON.stringify({
      version: 4,
      terraform_version: "1.11.4",
      serial: 1,
      lineage: "x",
      resources,
    });
    writeFileSync(path("terraform.local.tfstate"), foreign);

    const start = await checkout.script("start");
    expect(start.code).toBe(1);
    expect(start.output).toContain(
      "terraform.local.tfstate is not a state of this project's local stack. Hint: move it to another folder",
    );
    const stop = await checkout.script("stop");
    expect(stop.output).toContain("terraform.local.tfstate remains");
    expect(stop.output).toContain(REMOVED);
    expect(readFileSync(path("terraform.local.tfstate"), "utf8")).toBe(foreign);
    rmSync(path("terraform.local.tfstate"));
  });
});

describe("one command at a time", () => {
  afterEach(() => checkout.script("stop"));

  test("a second npm start and an npm stop fail while npm start runs, and it continues", async () => {
    const first = checkout.spawn("start");
    const ended = once(first, "close");
    await until(() => existsSync(join(checkout.paths.root, "logs", "dask-scheduler.log")));
    const sentence = new RegExp(
      `npm start is running \\(process ${first.pid}, since \\d\\d:\\d\\d:\\d\\d\\)\\. Hint: wait`,
    );
    for (const second of [checkout.script("start"), checkout.script("stop")]) {
      const { code, output } = await second;
      expect(output.trim().split("\n")).toEqual([expect.stringMatching(sentence)]);
      expect(code).toBe(1);
    }

    expect(await ended).toEqual([0, null]);
    expect(await checkout.workers()).toBe("2 workers");
  });

  test("npm start fails while a deployment runs, and it continues", async () => {
    const deploy = checkout.cdktf("deploy");
    await until(() => existsSync(join(checkout.paths.root, "logs", "dask-scheduler.log")));
    const start = await checkout.script("start");

    expect(start.output).toMatch(/cdktf \(start of local\) is running \(process \d+, since [\d:]+\)/);
    expect(start.code).toBe(1);
    expect((await deploy).code).toBe(0);
    expect(await checkout.workers()).toBe("2 workers");
  });
});

describe("a closed pipe", () => {
  afterEach(() => checkout.script("stop"));

  test("does not end npm start", async () => {
    const start = checkout.spawn("start", ["ignore", "pipe", "pipe"]);
    await once(start.stdout ?? start, "data");
    start.stdout?.destroy();
    start.stderr?.destroy();

    expect(await once(start, "exit")).toEqual([0, null]);
    expect(await checkout.workers()).toBe("2 workers");
  });
});

describe("ports", () => {
  let other: Checkout;
  beforeAll(async () => {
    other = await Checkout.make();
    for (const one of [checkout, other]) one.define("local");
  });
  afterEach(async () => {
    await checkout.script("stop");
    await other.script("stop");
  });
  afterAll(() => other.remove());

  test("two checkouts run at the same time with --ports auto", async () => {
    const auto = ["--ports", "auto"];
    const [one, two] = await Promise.all(
      [checkout, other].map((each) => each.script("start", {}, undefined, auto)),
    );
    const address = (output = "") => /scheduler +tcp:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];

    expect(one?.output).toContain(RUNS);
    expect(two?.output).toContain(RUNS);
    expect(address(one?.output)).not.toBe(address(two?.output));
    const again = await checkout.script("start", {}, undefined, auto);
    expect(again.output).toContain("Nothing changed: the cluster runs as defined.");
    expect(address(again.output)).toBe(address(one?.output));
  });

  test("npm start names the process on a port, and works with the port of its hint", async () => {
    const server = createServer().listen(checkout.ports.dashboard, LOOPBACK);
    const used = await checkout.script("start");
    expect(used.output).toContain(
      `port ${checkout.ports.dashboard} (dashboard) is in use by process ${process.pid} (`,
    );
    expect(used.output).toContain("npm start -- --scheduler-port 8796 --dashboard-port 8797");

    const args = ["--dashboard-port", String(other.ports.dashboard)];
    const { output } = await checkout.script("start", {}, undefined, args);
    server.close();
    expect(output).toContain(RUNS);
    expect(output).toContain(`dashboard  http://127.0.0.1:${other.ports.dashboard}/status`);
    expect(output).toContain(`scheduler  ${checkout.address}`);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("the condition was not met within 120 s");
    await sleep(50);
  }
}
