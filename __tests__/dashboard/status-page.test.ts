import type { ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { Cluster } from "./cluster";
import { end } from "./processes";
import { CHROMIUM, describeWith, NGINX, startBrowser } from "./programs";
import { DashboardProxy, PASSWORD, USER } from "./proxy";

/** Path for the screenshot, such as docs/status.png; name this file to jest, because other tests make others. */
const { SCREENSHOT } = process.env;

const DAY_MS = 86_400_000;

jest.setTimeout(120_000);

describeWith(NGINX, CHROMIUM)("the status page of a live cluster", () => {
  let cluster: Cluster;
  let proxy: DashboardProxy;
  let browser: Browser;
  let writer: ChildProcess;
  beforeAll(async () => {
    cluster = await Cluster.start();
    proxy = await DashboardProxy.open(cluster.ports);
    cluster.work();
    writer = cluster.writeStatus(proxy.statusFolder);
    browser = await startBrowser();
  }, 700_000);
  afterAll(async () => {
    await browser?.close();
    await proxy?.close();
    await cluster?.stop();
  });

  test.each(["/cluster/", "/cluster/index.html", "/cluster/status.json"])(
    "%s requires the password, and can only be read",
    async (path) => {
      expect(await proxy.visit(path)).toMatchObject({ status: 401 });
      expect(await proxy.visit(path, { password: "hunter2" })).toMatchObject({ status: 401 });
      const { status, headers } = await proxy.visit(path, { password: PASSWORD });
      expect(status).toBe(200);
      expect(headers["cache-control"]).toBe("no-cache");
      expect(headers["content-security-policy"]).toMatch(/^default-src 'self' /);
      expect(await proxy.visit(path, { password: PASSWORD, method: "PUT" })).toMatchObject({ status: 403 });
    },
  );

  test("shows the nodes, their workers as they report, and what is wrong, and uses no other host", async () => {
    const { page, seen } = await open(browser, `${proxy.url}/cluster/`);
    await waitForTasks(page);
    const rows = await page.$$eval("tr", (found) =>
      found.map((row) => [...row.querySelectorAll("td")].map(({ textContent }) => textContent)),
    );
    expect(rows.map((cells) => cells.slice(0, 7))).toEqual([
      [],
      ["scheduler", "i-0a1b2c3d4e5f60718", "ready", "3 d", "m7i.large", "no", "–"],
      ["cpu", "i-0b1c2d3e4f5061727", "ready", "7 h", "m7i.xlarge", "no", "1"],
      ["cpu", "i-0b1c2d3e4f5061728", "ready", "8 h", "m7i.xlarge", "no", "1"],
      ["cpu", "i-0c1d2e3f405162738", "booting", "48 s", "m7i.xlarge", "no", "0"],
      ["gpu", "i-0d1e2f30415263748", "failed", "21 min", "g5.12xlarge", "yes", "–"],
    ]);
    expect(rows[2]?.[7]).toMatch(/^0\.[1-3] of 0\.4$/);
    expect(rows.map((cells) => cells[9])).toEqual([
      undefined,
      ...["0.1208", "0.2415", "0.2415", "0.2415", "2.105"],
    ]);
    expect(await page.$$eval("li", (found) => found.map(({ textContent }) => textContent))).toEqual([
      "gpu i-0d1e2f30415263748 failed: step cuda-nvidia failed with exit code 1: the driver <595> does not load",
      "pool cpu: 2 of 3 nodes are ready",
      "pool gpu: 0 of 1 nodes are ready",
      "pool cpu: 3 nodes wanted, 0 to 8 possible",
      "pool gpu: 1 nodes wanted, 0 to 4 possible",
      "all instances: 2.95 USD an hour, without disks, network and other services",
    ]);
    expect(await page.textContent(".verdict")).toBe("production is not healthy");
    expect(await page.getAttribute("main", "class")).toBe("");
    expect(await page.textContent("#age")).toMatch(/^\d s old$/);
    expect(seen.errors).toEqual([]);
    expect([...seen.hosts]).toEqual(["localhost"]);
    if (SCREENSHOT !== undefined) writeFileSync(SCREENSHOT, await page.screenshot());
    await page.context().close();
  });

  test("is updated without a reload, and measures the age by the clock of the server", async () => {
    const { page } = await open(browser, `${proxy.url}/cluster/`, Date.now() + DAY_MS);
    await page.waitForFunction(`document.querySelector("#age").textContent !== ""`);
    expect(await page.textContent("#age")).toMatch(/^\d s old$/);
    const at = await page.getAttribute("main", "data-at");
    await page.waitForFunction(`document.querySelector("main").dataset.at !== "${at}"`, undefined, {
      timeout: 20_000,
    });
    expect(await page.textContent("#age")).toMatch(/^\d s old$/);
    await page.context().close();
  });

  test("marks facts as out of date when they are too old, and when no newer ones can be loaded", async () => {
    await end(writer);
    writer = cluster.writeStatus(proxy.statusFolder, 150);
    const { page } = await open(browser, `${proxy.url}/cluster/`);
    await page.waitForFunction(
      `document.querySelector("#age").textContent.startsWith("2 min old")`,
      undefined,
      {
        timeout: 30_000,
      },
    );
    expect(await page.getAttribute("main", "class")).toBe("old");
    expect(await page.getAttribute("#age", "class")).toBe("late");
    proxy.setPassword("a new one");
    await page.waitForFunction(`document.querySelector("#age").textContent.includes(";")`, undefined, {
      timeout: 30_000,
    });
    expect(await page.textContent("#age")).toMatch(/^2 min old; no newer facts: /);
    proxy.setPassword(PASSWORD);
    await page.context().close();
  });
});

/** Waits until both workers report tasks that run. */
async function waitForTasks(page: Page): Promise<void> {
  await page.waitForFunction(
    `[...document.querySelectorAll("td")].filter(({ textContent }) => /\\d executing/.test(textContent)).length === 2`,
    undefined,
    { timeout: 60_000 },
  );
}

/** The page in a new profile, with the password. */
async function open(browser: Browser, url: string, now?: number) {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 540 },
    ignoreHTTPSErrors: true,
    httpCredentials: { username: USER, password: PASSWORD },
  });
  const page = await context.newPage();
  if (now !== undefined) await page.clock.setSystemTime(now);
  const seen = { errors: [] as string[], hosts: new Set<string>() };
  page.on("console", (message) => message.type() === "error" && seen.errors.push(message.text()));
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("request", (request) => seen.hosts.add(new URL(request.url()).hostname));
  expect((await page.goto(url))?.status()).toBe(200);
  return { page, seen };
}
