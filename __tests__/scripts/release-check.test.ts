import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { testDirectory } from "../support/directory";

const FILES = [
  "package.json",
  "package-lock.json",
  "python/pyproject.toml",
  "CHANGELOG.md",
  "README.md",
  "examples",
];

const checkout = join(testDirectory("release-check"), "checkout");
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };

beforeEach(() => {
  rmSync(checkout, { recursive: true, force: true });
  mkdirSync(join(checkout, "python"), { recursive: true });
  for (const path of ["scripts", ...FILES]) cpSync(path, join(checkout, path), { recursive: true });
});

/** The issues that `npm run release:check` prints. */
function check(...argv: readonly string[]): { status: number | null; issues: readonly string[] } {
  const command = [join(checkout, "scripts/release-check.mjs"), ...argv];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8", timeout: 30_000 });
  return { status, issues: stderr.split("\n").filter(Boolean) };
}

function replace(path: string, from: string | RegExp, to: string): void {
  const file = join(checkout, path);
  const text = readFileSync(file, "utf8");
  expect(text).toMatch(from);
  writeFileSync(file, text.replace(from, to));
}

test("all files of the checkout name the version of package.json", () => {
  expect(check()).toEqual({ status: 0, issues: [] });
});

test("reports every file with another version", () => {
  replace("package.json", `"version": "${version}"`, '"version": "7.8.9"');

  const { status, issues } = check();
  expect(status).toBe(1);
  const got = `got ${version}, expected 7.8.9. Hint:`;
  const places = [
    "package-lock.json",
    "package-lock.json",
    "python/pyproject.toml",
    "CHANGELOG.md",
    "README.md",
    ...["air-gapped", "existing-vpc", "heterogeneous"].map((name) => `examples/${name}/package.json`),
    "examples/minimal/README.md",
    "examples/minimal/package.json",
    "examples/multi-environment/package.json",
  ];
  expect(issues.map((issue) => issue.slice(0, issue.indexOf(" Hint:") + " Hint:".length))).toEqual(
    places.map((place) => `${place}: ${got}`),
  );
});

test("reports a README without the name of the archive", () => {
  replace("README.md", /cdktf-dask-\d\S*\.tgz/, "the archive");
  expect(check().issues).toEqual([
    `README.md: got nothing, expected ${version}. Hint: change the name of the archive`,
  ]);
});

describe("with a tag", () => {
  test("accepts the tag of the version if the changelog has its date", () => {
    replace("CHANGELOG.md", /^## \[(\d.*?)\] - .*$/m, "## [$1] - 2026-12-01");
    expect(check(`v${version}`)).toEqual({ status: 0, issues: [] });
  });

  test("rejects the tag of another version, and a changelog without date", () => {
    replace("CHANGELOG.md", /^## \[(\d.*?)\] - .*$/m, "## [$1] - Unreleased");
    expect(check("v7.8.9")).toEqual({
      status: 1,
      issues: [
        `tag: got v7.8.9, expected v${version}. Hint: tag the commit that changes the version`,
        "CHANGELOG.md: got Unreleased, expected a date. Hint: write the day of the release",
      ],
    });
  });
});
