import { writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { Cluster } from "./cluster";
import { CHROMIUM, describeWith, NGINX, startBrowser } from "./programs";
import { DashboardProxy, PASSWORD, USER } from "./proxy";

/** Path for the screenshot, such as docs/dashboard.png. */
const { SCREENSHOT } = process.env;

/** The only external resource of Dask's pages. */
const BULMA = "https://cdnjs.cloudflare.com/ajax/libs/bulma/";

/** Pages of the dashboard's menu with plots that are updated. */
const LIVE = ["status", "workers", "tasks", "system", "profile", "graph"];

jest.setTimeout(120_000);

describeWith(NGINX, CHROMIUM)("the dashboard in a browser", () => {
  let cluster: Cluster;
  let proxy: DashboardProxy;
  let browser: Browser;
  beforeAll(async () => {
    cluster = await Cluster.start();
    proxy = await DashboardProxy.open(cluster.ports);
    cluster.work();
    browser = await startBrowser();
  }, 700_000);
  afterAll(async () => {
    await browser?.close();
    await proxy?.close();
    await cluster?.stop();
  });

  test("shows nothing without the password", async () => {
    const { page: silent } = await open(browser);
    await expect(silent.goto(`${proxy.url}/status`)).rejects.toThrow("net::ERR_INVALID_AUTH_CREDENTIALS");
    await silent.context().close();
    const { page: wrong, seen } = await open(browser, "hunter2");
    expect((await wrong.goto(`${proxy.url}/status`))?.status()).toBe(401);
    expect(await wrong.textContent("body")).toMatch(/^\s*401 Authorization Required\s*nginx\s*$/);
    expect(seen.sockets).toEqual([]);
    await wrong.context().close();
  });

  test("shows tasks as they run, with the password", async () => {
    const { page, seen } = await open(browser, PASSWORD);
    expect((await page.goto(`${proxy.url}/status`))?.status()).toBe(200);
    await page.waitForFunction(TASKS, undefined, { timeout: 60_000 });
    const [tasks, frames] = [await page.evaluate<number>(TASKS), seen.frames];
    await page.waitForFunction(`${TASKS} > ${tasks + 150}`, undefined, { timeout: 60_000 });
    expect(seen.sockets).toEqual([expect.stringMatching(/^wss:\/\/localhost:\d+\/status\/ws$/)]);
    expect(seen.frames - frames).toBeGreaterThan(20);

    const picture = await page.screenshot();
    expect(picture.length).toBeGreaterThan(30_000);
    expect(picture.length).toBeLessThan(200_000);
    if (SCREENSHOT !== undefined) writeFileSync(SCREENSHOT, picture);
    await page.context().close();
  });

  test.each(LIVE)("/%s is updated, and uses no other hosts", async (path) => {
    const { page, seen } = await open(browser, PASSWORD);
    await page.goto(`${proxy.url}/${path}`);
    await page.waitForEvent("websocket", { timeout: 30_000 }).catch(() => undefined);
    await until(() => seen.frames > 10);
    expect(seen.errors).toEqual([]);
    // nginx accepts a burst of 200 requests of an address.
    expect(seen.requests).toBeLessThan(20);
    await page.context().close();
  });

  test("the page of a worker is updated at the link on the scheduler's page", async () => {
    const { page, seen } = await open(browser, PASSWORD);
    await page.goto(`${proxy.url}/info/main/workers.html`);
    await page.click(`a[href*="proxy/${cluster.ports.worker}/"]`);
    await until(() => seen.frames > 10);
    expect(page.url()).toBe(`${proxy.url}/proxy/${cluster.ports.worker}/127.0.0.1/status`);
    expect(seen.errors).toEqual([]);
    await page.context().close();
  });
});

/** How many tasks the task stream has drawn. */
const TASKS = `Bokeh.documents[0]?.get_model_by_name("task_stream")?.renderers[0].data_source.get_length()`;

/** A page in a new profile, which sends the password if there is one, and a record of its traffic. */
async function open(browser: Browser, password?: string): Promise<{ page: Page; seen: Seen }> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 680 },
    // The browser does not have the cluster's CA; encryption.test.ts checks the certificate.
    ignoreHTTPSErrors: true,
    ...(password === undefined ? {} : { httpCredentials: { username: USER, password } }),
  });
  // Answers or aborts requests to other hosts that the policy of the page allows.
  await context.route(
    (url) => url.hostname !== "localhost",
    (route) =>
      route.request().url().startsWith(BULMA) ? route.fulfill({ contentType: "text/css" }) : route.abort(),
  );
  const page = await context.newPage();
  const seen: Seen = { frames: 0, requests: 0, sockets: [], errors: [] };
  page.on("request", () => {
    seen.requests++;
  });
  page.on("console", (message) => {
    if (message.type() === "error") seen.errors.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(error.message));
  page.on("websocket", (socket) => {
    seen.sockets.push(socket.url());
    socket.on("framereceived", () => {
      seen.frames++;
    });
  });
  return { page, seen };
}

/** Traffic and errors of a page. */
interface Seen {
  /** Messages that came over WebSockets. */
  frames: number;
  requests: number;
  readonly sockets: string[];
  /** Errors of scripts, and violations of the page's policy. */
  readonly errors: string[];
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!holds() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(holds()).toBe(true);
}
