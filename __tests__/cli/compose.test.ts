import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compose } from "../../lib/cli/compose/compose";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { LOCK_REQUESTS } from "../../lib/node/packages/lock-request";
import { clusterOf } from "../compose-files/definitions";
import { failure } from "../local/definitions";
import { testDirectory } from "../support/directory";

const directory = testDirectory("compose-command");
const before = process.cwd();
const logged: string[] = [];
const context = { log: (line: string) => logged.push(line), signal: new AbortController().signal };
const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
const output = () => written.mock.calls.map(([text]) => String(text)).join("");

/** Writes an app with these clusters. It stands for that of the user. */
function define(...clusters: readonly ResolvedCluster[]): void {
  const lines = clusters.map((definition) => `${JSON.stringify({ cluster: definition.name, definition })}\n`);
  writeFileSync(
    "app.cjs",
    `require("node:fs").appendFileSync(process.env.${LOCK_REQUESTS}, ${JSON.stringify(lines.join(""))})`,
  );
  writeFileSync("cdktf.json", '{ "app": "node app.cjs" }');
}

const research = clusterOf();
const other = clusterOf({ name: "other" });

beforeAll(() => process.chdir(directory));
beforeEach(() => {
  written.mockClear();
  logged.length = 0;
  rmSync("compose", { recursive: true, force: true });
  define(research);
});
afterAll(() => {
  process.chdir(before);
  written.mockRestore();
});

test("writes the files of the only cluster of the app, and says what to do next", async () => {
  await compose(context, undefined, {});

  expect(readFileSync("compose/research/compose.yaml", "utf8")).toContain("name: dask-research\n");
  expect(output()).toMatch(
    /^research: \d+ files in compose\/research\nNext: cd compose\/research && docker compose up --build --detach --wait && docker compose run --rm smoke-test\n$/,
  );
});

test("writes the files of a changed definition over the earlier ones", async () => {
  await compose(context, undefined, {});
  const { pools, ...definition } = research;
  define({ ...definition, pools: pools.filter(({ kind }) => kind === "cpu") });

  await compose(context, undefined, {});

  expect(existsSync("compose/research/image/Dockerfile.cpu")).toBe(true);
  expect(existsSync("compose/research/image/Dockerfile.gpu")).toBe(false);
});

test("writes the files of a named cluster to a folder, with other ports", async () => {
  define(research, other);

  await compose(context, "other", { output: "dask", schedulerPort: "8796", dashboardPort: "8797" });

  const text = readFileSync(join("dask", "compose.yaml"), "utf8");
  expect(text).toContain("name: dask-other\n");
  expect(text).toContain("- 127.0.0.1:8796:8786\n");
  expect(output()).toContain("\nNext: cd dask && docker compose up ");
});

test("asks for a name if the app has several clusters", async () => {
  define(research, other);

  expect(await failure(() => compose(context, undefined, {}))).toBe(
    "cluster: got nothing, expected one of research, other. Hint: name one, such as npx cdktf-dask compose research",
  );
});

test.each([
  [{ schedulerPort: "0" }, '--scheduler-port: got "0", expected a port from 1 to 65535'],
  [{ dashboardPort: "web" }, '--dashboard-port: got "web", expected a port from 1 to 65535'],
  [
    { dashboardPort: "8786" },
    "--dashboard-port: got 8786, which is the port of the scheduler. Hint: change one of them",
  ],
])("rejects the options %p", async (options, message) => {
  expect(await failure(() => compose(context, undefined, options))).toBe(message);
});

test("warns of settings and pools that containers do not have", async () => {
  define(clusterOf({
    nodeSetup: { boot: "mount.sh" },
    pools: [
      { name: "gpu", kind: "gpu" },
      { name: "large", kind: "gpu", nodeSetup: { bake: "install.sh" } },
    ],
  }));

  await compose(context, undefined, {});

  const scripts =
    "scripts have no effect in containers. Hint: build an image with what they install, and name it by CPU_BASE";
  expect(logged.slice(1)).toEqual([
    `warning: nodeSetup: ${scripts}`,
    `warning: pools[1].nodeSetup: ${scripts}`,
    "large pool: left out: pool gpu has the GPUs of the computer",
  ]);
});
