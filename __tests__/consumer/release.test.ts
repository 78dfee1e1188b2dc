import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { INSTALL_TIMEOUT, shellcheck } from "../support/python-environment";
import { newDirectory, ROOT, run, runIn } from "./workspace";

const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
const ARCHIVE = `cdktf-dask-${version}.tgz`;
const WHEEL = `cdktf_dask-${version}-py3-none-any.whl`;

/** Program of Python that prints a file of a zip archive. */
const READ = "import sys, zipfile; sys.stdout.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]).decode())";

jest.setTimeout(INSTALL_TIMEOUT);

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps?: readonly { name?: string; run?: string }[] }>>;
}

/** Shell of a step of release.yml. */
function step(name: string): string {
  const { jobs } = parse(readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8")) as Workflow;
  const { run: shell } =
    Object.values(jobs)
      .flatMap(({ steps = [] }) => steps)
      .find((candidate) => candidate.name === name) ?? {};
  if (shell === undefined) throw new Error(`release.yml has no step '${name}'`);
  return shell;
}

describe("npm run release:build", () => {
  const directory = newDirectory("release");
  const release = join(directory, "release");

  beforeAll(() => {
    run(ROOT, "npm", "run", "--silent", "release:build", "--", release);
  }, INSTALL_TIMEOUT);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("writes archive, wheel, checksums and notes", () => {
    expect(readdirSync(release).sort()).toEqual(["NOTES.md", "SHA256SUMS", ARCHIVE, WHEEL]);
    expect(run(release, "sha256sum", "--check", "SHA256SUMS")).toBe(`${ARCHIVE}: OK\n${WHEEL}: OK\n`);
  });

  test("writes the section of the changelog as notes, without links that the release's page cannot follow", () => {
    const notes = readFileSync(join(release, "NOTES.md"), "utf8");
    expect(notes).toMatch(/^### Added\n\n- /);
    expect(notes).not.toMatch(/\]\(|^## /m);
  });

  test("puts the compiled library and the changelog into the archive, and no test", () => {
    const files = run(release, "tar", "-tzf", ARCHIVE).split("\n");
    expect(files).toEqual(expect.arrayContaining(["package/dist/lib/index.js", "package/CHANGELOG.md"]));
    expect(files.filter((path) => /__tests__|\/tests\/|^package\/\./.test(path))).toEqual([]);
  });

  test("writes a wheel that installs into an empty environment and is imported there", async () => {
    const uv = [join(await shellcheck(), "python"), "-m", "uv", "--offline", "--quiet"] as const;
    const environment = join(directory, "environment");
    const [python, ...options] = uv;
    run(directory, python, ...options, "venv", "--python", python, environment);
    const own = join(environment, "bin/python");
    run(directory, python, ...options, "pip", "install", "--python", own, "--no-deps", join(release, WHEEL));
    const program =
      "import cdktf_dask, importlib.metadata as m; print(cdktf_dask.__all__, m.version('cdktf-dask'))";
    expect(run(directory, own, "-I", "-c", program)).toBe(
      `['ConnectError', 'VersionsDiffer', 'connect'] ${version}\n`,
    );
  });

  test("puts the license into the archive and into the wheel", () => {
    const license = readFileSync(join(ROOT, "LICENSE"), "utf8");
    const inWheel = `cdktf_dask-${version}.dist-info/licenses/LICENSE`;
    expect(run(release, "tar", "-xzOf", ARCHIVE, "package/LICENSE")).toBe(license);
    expect(run(release, "python3", "-c", READ, WHEEL, inWheel)).toBe(license);
  });

  test("writes the same bytes again", () => {
    const again = join(directory, "again");
    run(ROOT, "npm", "run", "--silent", "release:build", "--", again);
    expect(readFileSync(join(again, "SHA256SUMS"), "utf8")).toBe(
      readFileSync(join(release, "SHA256SUMS"), "utf8"),
    );
  });

  test("writes what the workflow uploads to the release of the tag", () => {
    const bin = join(directory, "bin");
    mkdirSync(bin);
    // Stands for the command of GitHub, and prints its arguments.
    writeFileSync(join(bin, "gh"), '#!/bin/sh\nprintf "%s\\n" "$@"\n');
    chmodSync(join(bin, "gh"), 0o755);

    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, GITHUB_REF_NAME: `v${version}` };
    const lines = runIn(directory, env, "bash", "-euo", "pipefail", "-c", step("Create the release")).split(
      "\n",
    );
    expect(lines).toEqual([
      ...[`${ARCHIVE}: OK`, `${WHEEL}: OK`],
      ...["release", "create", `v${version}`, "--verify-tag", "--title", `v${version}`],
      ...["--notes-file", "NOTES.md", `./${ARCHIVE}`, `./${WHEEL}`, "SHA256SUMS", ""],
    ]);
  });

  test("and the check of the version are the commands of the workflow", () => {
    expect(step("Check the version")).toBe('npm run release:check -- "$GITHUB_REF_NAME"');
    expect(step("Build the files")).toBe("node scripts/install.mjs\nnpm run release:build\n");
  });
});
