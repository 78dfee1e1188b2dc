import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { development } from "../../environments/development";
import { local } from "../../environments/local";
import { production } from "../../environments/production";
import { writeProject } from "../../lib/cli/compose/write-project";
import { renderCompose } from "../../lib/compose/render";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { testWith } from "../node/test-with";
import { testDirectory } from "../support/directory";
import { fileLinters, INSTALL_TIMEOUT } from "../support/python-environment";
import { composeCommand } from "./compose-plugin";
import { clusterOf } from "./definitions";

const CLUSTERS: readonly (readonly [string, ResolvedCluster])[] = [
  ["local", local],
  ["development", development],
  ["production", production],
  ["with TLS", clusterOf({ environmentVariables: { GREETING: 'it\'s $HOME, ${PATH} "x"\nlines' } })],
  ["of release 2024.7", clusterOf({ release: "2024.7" })],
];

const directory = testDirectory("compose-files");
const projects = CLUSTERS.map(([title, cluster]) => {
  const folder = join(directory, title.replaceAll(" ", "-"));
  const { files } = renderCompose(cluster);
  writeProject(folder, files);
  const dockerfiles = [...files.keys()].filter((path) => path.includes("Dockerfile"));
  return { title, folder, dockerfiles };
});
const compose = composeCommand();
const testWithCompose = testWith("docker compose, or root and mmdebstrap", compose !== undefined);

let linters: string;
beforeAll(async () => {
  linters = await fileLinters();
}, INSTALL_TIMEOUT);

/** Exit code and output. */
function check(command: string, ...argv: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(command, argv, { encoding: "utf8", timeout: 60_000 });
  if (error) throw error;
  return { code: status, said: `${stdout}${stderr}` };
}

const hadolint = (...files: readonly string[]) =>
  check(join(linters, "hadolint"), "--no-color", "--failure-threshold", "style", ...files);
const schema = (file: string) =>
  check(join(linters, "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", file);

describe.each(projects)("the files of a cluster $title", ({ folder, dockerfiles }) => {
  test("pass hadolint", () => {
    expect(dockerfiles.length).toBeGreaterThan(0);
    expect(hadolint(...dockerfiles.map((path) => join(folder, path)))).toEqual({ code: 0, said: "" });
  });

  test("have the schema of Compose", () => {
    expect(schema(join(folder, "compose.yaml"))).toEqual({ code: 0, said: "ok -- validation done\n" });
  });

  testWithCompose("are accepted by docker compose config", () => {
    expect(config(folder)).toEqual({ code: 0, said: "" });
  });
});

describe("the checkers find", () => {
  const write = (name: string, content: string) => {
    const folder = join(directory, name);
    mkdirSync(folder);
    for (const file of ["compose.yaml", "Dockerfile"]) writeFileSync(join(folder, file), content);
    return folder;
  };

  test("an image without version and a user by name", () => {
    const { code, said } = hadolint(join(write("hadolint", "FROM debian\nUSER dask\n"), "Dockerfile"));
    expect(code).toBe(1);
    expect(said).toContain("DL3006");
    expect(said).toContain("DL3066");
  });

  test("a misspelt key", () => {
    const file = join(write("schema", "services: {a: {image: b, readonly: true}}\n"), "compose.yaml");
    expect(schema(file)).toMatchObject({
      code: 1,
      said: expect.stringContaining("'readonly' was unexpected"),
    });
  });

  testWithCompose("a service that depends on none", () => {
    expect(config(write("config", "services: {a: {image: b, depends_on: [c]}}\n"))).toMatchObject({
      code: 15,
      said: expect.stringContaining('depends on undefined service "c"'),
    });
  });
});

/** `docker compose config`, with all profiles. */
function config(folder: string) {
  const [command = "", ...first] = compose ?? [];
  return check(command, ...first, "--project-directory", folder, "--profile", "*", "config", "--quiet");
}
