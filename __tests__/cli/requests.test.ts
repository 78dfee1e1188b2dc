import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chosen, requestsOfApp } from "../../lib/cli/requests";
import { LOCK_REQUESTS } from "../../lib/node/packages/lock-request";
import { failure } from "../local/definitions";
import { testDirectory } from "../support/directory";

const directory = testDirectory("requests");
const before = process.cwd();
const context = { log: () => {}, signal: new AbortController().signal };

/** Runs in a project whose app is a script. */
async function inProject<T>(script: string, action: () => Promise<T>, configuration?: string): Promise<T> {
  mkdirSync(join(directory, "project"), { recursive: true });
  process.chdir(join(directory, "project"));
  try {
    writeFileSync("app.cjs", script);
    writeFileSync(
      "cdktf.json",
      configuration ?? JSON.stringify({ app: "node app.cjs", context: { stage: "test" } }),
    );
    return await action();
  } finally {
    process.chdir(before);
  }
}

const requesting = (...requests: readonly object[]) =>
  `const { appendFileSync } = require("node:fs");
for (const request of ${JSON.stringify(requests)})
  appendFileSync(process.env.${LOCK_REQUESTS}, JSON.stringify({ ...request, outdir: process.env.CDKTF_OUTDIR,
    context: process.env.CDKTF_CONTEXT_JSON }) + "\\n");`;

test("runs the app with a temporary folder for its output and the context of cdktf.json", async () => {
  const [found, ...others] = await inProject(requesting({ cluster: "a" }, { cluster: "a" }), () =>
    requestsOfApp(context),
  );

  expect(found).toEqual({ cluster: "a", outdir: expect.any(String), context: '{"stage":"test"}' });
  expect((found as unknown as { outdir: string }).outdir).not.toContain(directory);
  expect(others).toEqual([]);
});

test("shows the message of an app that fails as it is", async () => {
  const app = 'console.error("cluster definition has 1 issue:\\n  name: got 1"); process.exit(1)';

  expect(await inProject(app, () => failure(() => requestsOfApp(context)))).toBe(
    "cluster definition has 1 issue:\n  name: got 1",
  );
});

test("rejects two different clusters with one name", async () => {
  const app = requesting({ cluster: "a", inputs: "1" }, { cluster: "a", inputs: "2" });

  expect(await inProject(app, () => failure(() => requestsOfApp(context)))).toBe(
    "the app has two different clusters with the name a. Hint: give each its own name",
  );
});

test("takes the first of two definitions with the same packages", async () => {
  const app = requesting(
    { cluster: "a", definition: { region: "b" } },
    { cluster: "a", definition: { region: "c" } },
  );

  const found = await inProject(app, () => requestsOfApp(context));

  expect(found.map(({ definition }) => definition)).toEqual([{ region: "b" }]);
});

test.each([
  ["no JSON", "{", "cdktf.json is not JSON."],
  ["no app", "{}", 'cdktf.json has no "app".'],
])("rejects a cdktf.json with %s", async (_, configuration, expected) => {
  expect(await inProject("", () => failure(() => requestsOfApp(context)), configuration)).toBe(
    `${join(directory, "project")}/${expected} Hint: run the command in the folder of your project`,
  );
});

test("chooses clusters by name, and names those that exist", () => {
  const requests = [{ cluster: "a" }, { cluster: "b" }] as never;

  expect(chosen(requests, [])).toEqual(requests);
  expect(chosen(requests, ["b"])).toEqual([{ cluster: "b" }]);
  expect(() => chosen(requests, ["a", "c"])).toThrow(
    'cluster: got "c", expected a, b. Hint: the name is that of the cluster\'s definition',
  );
  expect(() => chosen([], [])).toThrow("the app has no Dask cluster");
});
