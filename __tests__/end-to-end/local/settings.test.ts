import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesOf } from "../../../lib/local/runtime/processes";
import { findPrometheus } from "../../support/prometheus";
import { Checkout } from "../checkout";

jest.setTimeout(900_000);

/** Text with the characters that shells, supervisor and Terraform treat specially. */
const TEXT = "a \"b\" 'c' \\n $HOME ${HOME} `id` %(ENV_HOME)s 50% \\\n\tü 🙂 # x; y\n";

const PASSWORD = "pa\"ss'wo\\rd hunter2 ${HOME} %(x)s\n end";

/** A standard module that nothing imports stands for one of the user's packages. */
const MODULE = "tabnanny";

const DEFINITION = `({ ...local,
  dask: { "distributed.worker.memory.target": 0.41, distributed: { worker: { memmory: 3 } } },
  environmentVariables: { TEXT: ${JSON.stringify(TEXT)}, PASSWORD: { secretsManager: "prod/db" } },
  preload: ["${MODULE}"],
  monitoring: { requested: true, retentionDays: 15, retentionGiB: 4, alerts: [] },
})`;

/** On CI, a missing Prometheus is an error. */
const PROMETHEUS = findPrometheus()?.prometheus;
const testWithPrometheus = PROMETHEUS === undefined && !process.env.CI ? test.skip : test;
if (PROMETHEUS === undefined) console.warn("skipped, no Prometheus: apt-get install prometheus");

/** Prints what the processes of scheduler and workers have. */
const INSPECT = (address: string) => `
import json
from distributed import Client

def inspect():
    import dask, os, sys
    return [dask.config.get("distributed.worker.memory.target"), os.environ["TEXT"], os.environ["PASSWORD"],
            "${MODULE}" in sys.modules]

with Client("${address}", timeout=30) as client:
    print(json.dumps([client.run_on_scheduler(inspect), *client.run(inspect).values()]))
`;

describe("npm start of a cluster with settings", () => {
  let checkout: Checkout;
  let started = "";
  beforeAll(async () => {
    checkout = await Checkout.make();
    checkout.define(DEFINITION);
  });
  afterAll(() => checkout.remove());

  test("asks for the value of a secret before it starts anything", async () => {
    const { code, output } = await checkout.script("start");
    expect(output).toContain(
      "environmentVariables: got no CDKTF_DASK_SECRET_PASSWORD in the environment, expected the value of the secret of PASSWORD: the local stack does not ask AWS. Hint: export CDKTF_DASK_SECRET_PASSWORD=…",
    );
    expect(code).not.toBe(0);
    expect(output).not.toContain("starting dask-scheduler");
  });

  test("gives scheduler and workers the settings", async () => {
    const path = [join(checkout.directory, "doubles"), process.env.PATH, dirname(PROMETHEUS ?? "")].join(":");
    const { code, output } = await checkout.script("start", {
      CDKTF_DASK_SECRET_PASSWORD: PASSWORD,
      PATH: path,
    });
    started = output;
    expect(output).toContain(
      "dask.distributed.worker.memmory: got 3, which Dask 2026.7.1 does not know. Hint: correct the spelling, or remove the key",
    );
    expect(code).toBe(0);
    expect(await checkout.python(INSPECT(checkout.address))).toEqual([
      [0.41, TEXT, PASSWORD, false],
      [0.41, TEXT, PASSWORD, true],
      [0.41, TEXT, PASSWORD, true],
    ]);
  });

  test("keeps the value of a secret out of files and process lists", () => {
    const cluster = join(checkout.directory, ".dask");
    const files = readdirSync(cluster, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\/(environment|tools|cache)\//.test(`${entry.parentPath}/`))
      .map(({ parentPath, name }) => join(parentPath, name))
      .concat(join(checkout.directory, "terraform.local.tfstate"));
    expect(files).toContain(join(checkout.paths.config, "dask-scheduler", "variables"));
    expect(files.filter((file) => readFileSync(file, "latin1").includes("hunter2"))).toEqual([]);
    expect(execFileSync("ps", ["axww", "-o", "args"], { encoding: "utf8" })).not.toContain("hunter2");
  });

  testWithPrometheus("starts Prometheus with the alert rules, and prints its page", async () => {
    expect(started).toContain("starting dask-scheduler, cpu--local-0, cpu--local-1, prometheus");
    const page = await fetch(pageOf(started));
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<h1>local</h1>");
    const { groups } = await ask<Rules>(started, "rules");
    expect(groups.map(({ name, rules }) => [name, rules.length])).toEqual([
      ["autoscaler", 5],
      ["dask", 23],
    ]);
    await until("the workers in Prometheus", async () => (await workersIn(started)) === "2");
  });

  testWithPrometheus("starts it again when it ends, with its history", async () => {
    const [killed = 0] = prometheusOf(checkout);
    const oldest = await oldestSample(started);
    expect(oldest).toBeGreaterThan(0);
    process.kill(killed, "SIGKILL");
    await until("another process", async () => {
      const pids = prometheusOf(checkout);
      return pids.length === 1 && !pids.includes(killed);
    });
    await until("its history", async () => (await oldestSample(started)) === oldest);
    expect(await checkout.workers()).toBe("2 workers");
  });

  testWithPrometheus("npm stop ends it, and removes its history", async () => {
    expect((await checkout.script("stop")).code).toBe(0);
    expect(checkout.remaining).toEqual([]);
    await expect(fetch(pageOf(started))).rejects.toThrow("fetch failed");
  });
});

/** Part of the answer of Prometheus about its rules. */
interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly unknown[] }[];
}

/** Series of a query, with one sample or with those of a range. */
interface Series {
  readonly result: readonly {
    readonly value?: readonly [number, string];
    readonly values?: readonly (readonly [number, string])[];
  }[];
}

/** URL of the page of charts that npm start printed. */
function pageOf(output: string): string {
  const [, url = ""] = /^ {2}prometheus (http:\S+)$/m.exec(output) ?? [];
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/prometheus\/consoles\/dask\.html$/);
  return url;
}

/** Data of an answer of Prometheus' API. */
async function ask<Data>(output: string, path: string): Promise<Data> {
  const answer = await fetch(new URL(`../api/v1/${path}`, pageOf(output)));
  return ((await answer.json()) as { data: Data }).data;
}

async function workersIn(output: string): Promise<string | undefined> {
  const { result } = await ask<Series>(output, 'query?query=dask:cluster:workers{cluster="local"}');
  return result[0]?.value?.[1];
}

/** Time of the oldest stored sample of the scheduler. */
async function oldestSample(output: string): Promise<number | undefined> {
  const { result } = await ask<Series>(output, "query?query=up[1h]");
  return result[0]?.values?.[0]?.[0];
}

/** PIDs of the cluster's Prometheus. */
function prometheusOf({ paths }: Checkout): readonly number[] {
  const name = (pid: number) =>
    execFileSync("ps", ["-o", "comm=", "-p", String(pid)], { encoding: "utf8" }).trim();
  return processesOf(paths).filter((pid) => name(pid) === "prometheus");
}

/** Waits up to 60 s until a condition holds. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`timeout after 60 s: ${what}`);
    await sleep(200);
  }
}
