import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { client } from "../../lib/cli/client/client";
import { RELEASES } from "../../lib/config/releases";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { LOCK_REQUESTS } from "../../lib/node/packages/lock-request";
import { lockfileText } from "../../lib/node/packages/lockfile";
import { failure } from "../local/definitions";
import { testDirectory } from "../support/directory";

const directory = testDirectory("client");
const folder = join(directory, "dask-locks", "research");
const lockfile = join(folder, "cpu.txt");
const before = process.cwd();
const context = { log: () => {}, signal: new AbortController().signal };
const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);
const output = () => written.mock.calls.map(([text]) => String(text)).join("");

const inputs = "a".repeat(64);
const request = {
  cluster: "research",
  region: "eu-central-1",
  release: RELEASES["2026.7"],
  requirements: ["alpha"],
  wheels: [{ file: join(directory, "dist", "mine-1.0-py3-none-any.whl"), name: "mine", version: "1.0" }],
  index: { url: "https://a.example/simple", extraUrls: ["https://b.example/simple"] },
  folder,
  kinds: ["cpu"],
  platforms: [{ python: "3.12", machine: "x86_64" }],
  inputs,
};

/** Writes an app with these clusters. It stands for that of the user. */
function define(...requests: readonly object[]): void {
  const lines = requests.map((request) => `${JSON.stringify(request)}\n`).join("");
  writeFileSync(
    "app.cjs",
    `require("node:fs").appendFileSync(process.env.${LOCK_REQUESTS}, ${JSON.stringify(lines)})`,
  );
  writeFileSync("cdktf.json", '{ "app": "node app.cjs" }');
}

beforeAll(() => process.chdir(directory));
beforeEach(() => {
  written.mockClear();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  define(request);
});
afterAll(() => {
  process.chdir(before);
  written.mockRestore();
});

const text = lockfileText("research", { python: "3.11", inputs }, "alpha==1.0\n");
const HINT = "Hint: run `npx cdktf-dask lock research`";

test.each([
  ["is missing", undefined, `${lockfile} is missing. ${HINT}`],
  ["was edited", text.replace("1.0", "1.1"), `${lockfile} was edited. ${HINT}`],
  [
    "is outdated",
    lockfileText("research", { python: "3.11", inputs: "b".repeat(64) }, "alpha==1.0\n"),
    `${lockfile} is outdated: release, packages, wheels or indexes have changed. ${HINT}`,
  ],
])("rejects a lockfile that %s", async (_, content, expected) => {
  if (content !== undefined) writeFileSync(lockfile, content);

  expect(await failure(() => client(context, "research", {}))).toBe(expected);
});

test("rejects an unknown cluster", async () => {
  expect(await failure(() => client(context, "reserch", {}))).toContain(
    'cluster: got "reserch", expected research',
  );
});

test("keeps a folder that is not an environment of this command", async () => {
  writeFileSync(lockfile, text);
  mkdirSync("mine");
  writeFileSync("mine/file", "");

  expect(await failure(() => client(context, "research", { folder: "mine" }))).toBe(
    `--folder: got ${join(directory, "mine")}, which exists and is not an environment of this command. ` +
      "Hint: remove it, or give another folder",
  );
});

test("prints a requirements file with the lockfile, and where its packages are", async () => {
  writeFileSync(lockfile, text);
  await client(context, "research", { requirements: true });

  expect(output()).toBe(
    [
      `# cdktf_dask, the package with cdktf_dask.connect: pip install ${join(packageRoot(), "python")}`,
      "--index-url https://a.example/simple",
      "--extra-index-url https://b.example/simple",
      `--find-links ${pathToFileURL(join(directory, "dist"))}`,
      text,
    ].join("\n"),
  );
});

test("prints the lockfile of the release for a cluster without packages", async () => {
  const { folder: _, ...bare } = request;
  define({ ...bare, wheels: [], index: { extraUrls: [] } });
  await client(context, "research", { requirements: true });

  expect(output().split("\n").slice(1).join("\n")).toBe(packageFile("locks/2026.7/cpu.txt"));
});
