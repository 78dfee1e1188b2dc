/**
 * `npm run release:check [-- TAG]`: checks that all files name the version of package.json. With a tag such as `v1.2.0`, it
 * also checks that the tag has this version, and that CHANGELOG.md has its date. Needs only Node.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isMain, ROOT } from "./main.mjs";

/** Where a version is written: file, pattern whose first group is the version, what to do. */
const PLACES = [
  ["package-lock.json", /^ {2}"version": "(.*)",$/m, "run npm install --package-lock-only"],
  ["package-lock.json", /^ {6}"version": "(.*)",$/m, "run npm install --package-lock-only"],
  ["python/pyproject.toml", /^version = "(.*)"$/m, "change it there"],
  ["CHANGELOG.md", /^## \[(\d.*?)\]/m, "add a section with the changes"],
];

/** Archive of npm in the README, in the manifests of the examples and in their documents. */
const ARCHIVE = /\bcdktf-dask-(\d\S*?)\.tgz/g;

/**
 * Returns the issues, one line each; none if the version can be released.
 *
 * @param root folder of the checkout
 * @param tag of git, such as `v1.2.0`
 */
export function releaseIssues(root, tag) {
  const textOf = (path) => readFileSync(join(root, path), "utf8");
  const { version } = JSON.parse(textOf("package.json"));
  const issues = [];
  const expect = (place, got, expected, hint) => {
    if (got !== expected)
      issues.push(`${place}: got ${got ?? "nothing"}, expected ${expected}. Hint: ${hint}`);
  };
  for (const [path, pattern, hint] of PLACES) expect(path, pattern.exec(textOf(path))?.[1], version, hint);
  for (const path of ["README.md", ...examplesOf(root)]) {
    const archives = [...textOf(path).matchAll(ARCHIVE)].map(([, found]) => found);
    const required = path === "README.md" && archives.length === 0 ? [undefined] : archives;
    for (const found of required) expect(path, found, version, "change the name of the archive");
  }
  if (tag === undefined) return issues;
  expect("tag", tag, `v${version}`, "tag the commit that changes the version");
  const [, date] = /^## \[\d.*?\] - (.*)$/m.exec(textOf("CHANGELOG.md")) ?? [];
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date ?? ""))
    issues.push(
      `CHANGELOG.md: got ${date ?? "nothing"}, expected a date. Hint: write the day of the release`,
    );
  return issues;
}

/** Returns the manifests and the documents of the examples. */
function examplesOf(root) {
  const files = readdirSync(join(root, "examples"), { recursive: true });
  return files
    .filter((file) => /(^|\/)(package\.json|README\.md)$/.test(file) && !file.includes("node_modules"))
    .map((file) => join("examples", file))
    .sort();
}

/** Returns the section of a version in CHANGELOG.md, without its heading and its links, which are relative to the file. */
export function releaseNotes(root, version) {
  const sections = readFileSync(join(root, "CHANGELOG.md"), "utf8").split(/^## /m);
  const section = sections.find((text) => text.startsWith(`[${version}]`));
  if (section === undefined) throw new Error(`CHANGELOG.md: has no section ${version}`);
  const text = section.slice(section.indexOf("\n")).trim();
  return `${text.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, "$1")}\n`;
}

if (isMain(import.meta.url)) {
  const issues = releaseIssues(ROOT, process.argv[2]);
  for (const issue of issues) console.error(issue);
  if (issues.length > 0) process.exitCode = 1;
  else console.log("all files name the same version");
}
