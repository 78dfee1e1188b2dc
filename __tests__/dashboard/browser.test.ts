import { writeFileSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { Cluster } from "./cluster";
import { Door, PASSWORD, USER } from "./door";
import { CHROMIUM, describeWith, NGINX } from "./programs";

/** Where to keep the picture; it is docs/dashboard.png that shows it. */
const { SCREENSHOT } = process.env;

/** The one thing that Dask's pages take from elsewhere. */
const BULMA = "https://cdnjs.cloudflare.com/ajax/libs/bulma/";

/** Pages of the dashboard's menu whose plots live. */
const LIVE = ["status", "workers", "tasks", "system", "profile", "graph"];

jest.setTimeout(120_000);

describeWith(NGINX, CHROMIUM)("the dashboard in a browser", () => {
  let cluster: Cluster;
  let door: Door;
  let browser: Browser;
  beforeAll(async () => {
    cluster = await Cluster.start();
    door = await Door.open(cluster.ports);
    cluster.work();
    // For root, as in many a container, Chromium has no sandbox.
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    browser = await chromium.launch({ executablePath: CHROMIUM.path, args });
  }, 700_000);
  afterAll(async () => {
    await browser?.close();
    await door?.close();
    await cluster?.stop();
  });

  test("shows nothing to who does not know the password", async () => {
    const { page: silent } = await open(browser);
    await expect(silent.goto(`${door.url}/status`)).rejects.toThrow("net::ERR_INVALID_AUTH_CREDENTIALS");
    await silent.context().close();
    const { page: wrong, seen } = await open(browser, "hunter2");
    expect((await wrong.goto(`${door.url}/status`))?.status()).toBe(401);
    expect(await wrong.textContent("body")).toMatch(/^\s*401 Authorization Required\s*nginx\s*$/);
    expect(seen.sockets).toEqual([]);
    await wrong.context().close();
  });

  test("shows tasks as they run, to who does", async () => {
    const { page, seen } = await open(browser, PASSWORD);
    expect((await page.goto(`${door.url}/status`))?.status()).toBe(200);
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

  test.each(LIVE)("/%s lives, and keeps to itself", async (path) => {
    const { page, seen } = await open(browser, PASSWORD);
    await page.goto(`${door.url}/${path}`);
    await page.waitForEvent("websocket", { timeout: 30_000 }).catch(() => undefined);
    await until(() => seen.frames > 10);
    expect(seen.faults).toEqual([]);
    // nginx lets an address ask 200 times at once.
    expect(seen.requests).toBeLessThan(20);
    await page.context().close();
  });

  test("a worker's own page lives at the link of the scheduler's", async () => {
    const { page, seen } = await open(browser, PASSWORD);
    await page.goto(`${door.url}/info/main/workers.html`);
    await page.click(`a[href*="proxy/${cluster.ports.worker}/"]`);
    await until(() => seen.frames > 10);
    expect(page.url()).toBe(`${door.url}/proxy/${cluster.ports.worker}/127.0.0.1/status`);
    expect(seen.faults).toEqual([]);
    await page.context().close();
  });
});

/** How many tasks the task stream has drawn. */
const TASKS = `Bokeh.documents[0]?.get_model_by_name("task_stream")?.renderers[0].data_source.get_length()`;

/** A page in a profile of its own, which types the password where it is asked for one, and what it sees. */
async function open(browser: Browser, password?: string): Promise<{ page: Page; seen: Seen }> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 680 },
    // No browser knows the cluster's authority until it is told; the tests of the door check the certificate.
    ignoreHTTPSErrors: true,
    ...(password === undefined ? {} : { httpCredentials: { username: USER, password } }),
  });
  // What the policy of the page lets through to elsewhere ends here.
  await context.route(
    (url) => url.hostname !== "localhost",
    (route) =>
      route.request().url().startsWith(BULMA) ? route.fulfill({ contentType: "text/css" }) : route.abort(),
  );
  const page = await context.newPage();
  const seen: Seen = { frames: 0, requests: 0, sockets: [], faults: [] };
  page.on("request", () => {
    seen.requests++;
  });
  page.on("console", (message) => {
    if (message.type() === "error") seen.faults.push(message.text());
  });
  page.on("pageerror", (error) => seen.faults.push(error.message));
  page.on("websocket", (socket) => {
    seen.sockets.push(socket.url());
    socket.on("framereceived", () => {
      seen.frames++;
    });
  });
  return { page, seen };
}

/** What a page asks for and is told. */
interface Seen {
  /** Messages that came over WebSockets. */
  frames: number;
  requests: number;
  readonly sockets: string[];
  /** Errors of scripts, and whatever the page's policy forbade. */
  readonly faults: string[];
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!holds() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(holds()).toBe(true);
}
