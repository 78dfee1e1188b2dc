import { writeFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { PANELS, type Panel } from "../../lib/node/monitoring/panels";
import { startBrowser } from "../dashboard/programs";
import { chosen } from "../environments/grafana";
import { findPrometheus } from "../support/prometheus";
import { MonitoredCluster } from "./cluster";

/** Path for the screenshot, such as docs/monitoring.png. */
const { SCREENSHOT } = process.env;

/** Memory that Prometheus may use, in bytes. */
const MAX_MEMORY = 200 * 2 ** 20;

/** Seconds for an alert: Prometheus scrapes and evaluates each second; `increase` needs a second sample. */
const ALERT_SECONDS = 60;

jest.setTimeout(180_000);

const program = findPrometheus()?.prometheus;
const panels = PANELS.flatMap(({ panels }) => panels);
const isOfGpus = ({ query }: Panel) => query.includes("_gpu_");

/** Waits until a function returns something. */
async function until<T>(seconds: number, what: string, get: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 1000 * seconds;
  for (;;) {
    const found = await get();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`timeout after ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** Tests that need Prometheus: without it they are skipped with a warning; in CI they fail. */
function describeWithPrometheus(title: string, tests: (program: string) => void): void {
  if (program !== undefined) {
    describe(title, () => tests(program));
    return;
  }
  const reason =
    "no Prometheus: apt-get install prometheus prometheus-alertmanager, then: npm run test:monitoring";
  if (process.env.CI)
    test(title, () => {
      throw new Error(reason);
    });
  else {
    console.warn(reason);
    test.skip(title, () => {});
  }
}

describeWithPrometheus("Prometheus of a live cluster", (program) => {
  let cluster: MonitoredCluster;
  let killWorkers: () => void;
  beforeAll(async () => {
    cluster = await MonitoredCluster.start(program);
    ({ killWorkers } = await cluster.load());
  }, 700_000);
  afterAll(() => cluster?.stop());

  /** Waits until an alert fires, with the value of a label if one is given. */
  const fires = (name: string, label = "alertname", value = name) =>
    until(ALERT_SECONDS, `${name} fires`, async () =>
      (await cluster.alerts(name)).find(({ state, labels }) => state === "firing" && labels[label] === value),
    );

  test("has scheduler and autoscaler as targets, which are up", async () => {
    const { activeTargets } = (await cluster.ask("targets")) as {
      activeTargets: readonly Record<string, unknown>[];
    };
    expect(activeTargets.map(({ labels, health }) => ({ labels, health }))).toEqual([
      { labels: { cluster: "monitored", instance: "autoscaler", job: "dask-autoscaler" }, health: "up" },
      { labels: { cluster: "monitored", instance: "scheduler", job: "dask-scheduler" }, health: "up" },
    ]);
  });

  test.each([
    [
      "DaskTasksWithoutWorker",
      "1 tasks wait for a worker that has what they ask for",
      { cluster: "monitored", state: "no-worker" },
    ],
    [
      "DaskTasksUnsatisfiable",
      "1 tasks need GPU=1, which no pool offers",
      { cluster: "monitored", needs: "GPU=1" },
    ],
    [
      "DaskTasksFail",
      "1 tasks have failed, and their clients keep the errors",
      { cluster: "monitored", state: "erred" },
    ],
    [
      "DaskSpillRatioHigh",
      expect.stringMatching(/^Pool cpu has [5-9]\d(\.\d+)?% of its data on disk$/),
      { cluster: "monitored", pool: "cpu" },
    ],
  ])("%s fires", async (name, summary, labels) => {
    const alert = await fires(name);
    expect(alert.annotations.summary).toEqual(summary);
    expect(alert.labels).toMatchObject(labels);
  });

  test("no alert fires without a cause", async () => {
    const absent = [
      ...["DaskSchedulerDown", "DaskMetricsMissing", "DaskWorkersLost", "DaskTaskKillsWorkers"],
      ...["DaskAutoscalerSilent", "DaskPoolLimited", "DaskProviderFails", "DaskClusterHung"],
    ];
    for (const name of absent) expect(await cluster.alerts(name)).toEqual([]);
  });

  test.each(panels.map((panel) => [panel.title, panel] as const))(
    "the chart '%s' has data",
    async (_, panel) => {
      if (isOfGpus(panel)) {
        // The query is valid; there is no GPU.
        expect(await cluster.query(panel.query)).toEqual([]);
        return;
      }
      const series = await until(ALERT_SECONDS, "data", async () => {
        const found = await cluster.query(panel.query);
        return found.length > 0 ? found : undefined;
      });
      for (const { metric, value } of series) {
        expect(Object.keys(metric)).toEqual(panel.label === undefined ? [] : [panel.label]);
        expect(Number(value[1])).toBeGreaterThanOrEqual(0);
      }
      const ofGrafana = chosen(panel.query).replaceAll("$cluster", "monitored|other");
      expect(await cluster.query(ofGrafana)).toHaveLength(series.length);
      expect(await cluster.query(ofGrafana.replaceAll("monitored", "absent"))).toEqual([]);
    },
  );

  test("charts and rules name only metrics that the cluster, a GPU or TLS has", async () => {
    const { groups } = (await cluster.ask("rules")) as {
      groups: readonly { rules: readonly { query: string; name: string }[] }[];
    };
    const rules = groups.flatMap(({ rules }) => rules);
    const texts = [...rules, ...panels].map(({ query }) => query);
    const named = new Set(texts.flatMap((text) => text.match(/\b(dask|process)_\w+/g) ?? []));
    const pages = (await cluster.metrics()) + (await cluster.autoscalerMetrics());
    const known = new Set(pages.match(/^# TYPE \w+/gm)?.map((line) => line.slice(7)));
    const absent = [...named].filter((name) => !known.has(name) && !known.has(name.replace(/_total$/, "")));
    expect(named.size).toBe(30);
    expect(absent.sort()).toEqual(["dask_tls_certificate_not_after_seconds"]);
  });

  test("stays below its memory", () => {
    expect(cluster.memory()).toBeLessThan(MAX_MEMORY);
  });

  test("its page shows alerts and charts in a browser, and uses no other host", async () => {
    const browser = await startBrowser();
    try {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
      const page = await context.newPage();
      const errors: string[] = [];
      const hosts = new Set<string>();
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("request", (request) => hosts.add(new URL(request.url()).hostname));
      expect((await page.goto(`${cluster.url}/consoles/dask.html`))?.status()).toBe(200);
      await page.waitForSelector("figure svg path", { timeout: 30_000 });
      expect(await page.textContent("h1")).toBe("monitored");
      expect(await charts(page)).toEqual(
        panels.filter((panel) => !isOfGpus(panel)).map(({ title }) => title),
      );
      const alerts = (await page.textContent("#alerts")) ?? "";
      expect(alerts).toContain("TasksFailfires");
      expect(alerts).toContain("1 tasks have failed, and their clients keep the errors. Read the exception");
      expect(await page.textContent("#updated")).toMatch(/^updated /);
      expect(errors).toEqual([]);
      expect([...hosts]).toEqual(["127.0.0.1"]);
      if (SCREENSHOT !== undefined) {
        // The cluster has lived for less than a minute.
        await page.evaluate("range = 60; update()");
        writeFileSync(SCREENSHOT, await page.screenshot({ fullPage: true }));
      }
    } finally {
      await browser.close();
    }
  });

  describe("after tasks that end their workers", () => {
    beforeAll(() => killWorkers());

    test("DaskTaskKillsWorkers fires, with the name of the tasks", async () => {
      // Tasks that ran at the same time on the same worker are suspicious too.
      const alert = await fires("DaskTaskKillsWorkers", "task_prefix_name", "kill");
      expect(alert.annotations.summary).toBe("Workers ended while they ran tasks kill");
    });

    test("DaskWorkersLost fires", async () => {
      expect((await fires("DaskWorkersLost")).annotations.summary).toMatch(
        /^The cluster lost \d(\.\d+)? workers within 10 minutes$/,
      );
    });
  });

  test("DaskSchedulerDown fires when the scheduler has ended", async () => {
    await cluster.kill("dask-scheduler");
    expect((await fires("DaskSchedulerDown")).annotations.summary).toBe(
      "The scheduler has not answered for a minute",
    );
  });
});

/** Titles of the charts of the page. */
function charts(page: Page): Promise<string[]> {
  return page.$$eval("figure", (figures) =>
    figures
      .filter((one) => one.querySelector("svg path"))
      .map((one) => one.querySelector("h3")?.textContent ?? ""),
  );
}
