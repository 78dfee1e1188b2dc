import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeProject } from "../../lib/cli/compose/write-project";
import { renderCompose } from "../../lib/compose/render";
import { failure } from "../local/definitions";
import { testDirectory } from "../support/directory";
import { clusterOf } from "./definitions";

const directory = testDirectory("write-project");
const { files } = renderCompose(clusterOf());
const cpuOnly = renderCompose(clusterOf({ pools: [{ name: "cpu", kind: "cpu" }] }));

test("replaces its files, removes those of an earlier definition, and keeps those of the user", () => {
  const folder = join(directory, "again");
  writeProject(folder, files);
  expect(existsSync(join(folder, "image/Dockerfile.gpu"))).toBe(true);
  writeFileSync(join(folder, ".env"), "CPU_THREADS=4\n");

  writeProject(folder, cpuOnly.files);

  expect(existsSync(join(folder, "image/Dockerfile.gpu"))).toBe(false);
  expect(existsSync(join(folder, "image/config/gpu/dask.yaml"))).toBe(false);
  expect(readFileSync(join(folder, ".env"), "utf8")).toBe("CPU_THREADS=4\n");
  expect(readFileSync(join(folder, "compose.yaml"), "utf8")).toBe(cpuOnly.files.get("compose.yaml"));
  expect(readdirSync(folder).sort()).toEqual([".env", ".gitignore", "compose.yaml", "image"]);
});

test("removes links from its folder, and not the files that they lead to", () => {
  const folder = join(directory, "links");
  const notes = join(directory, "notes");
  mkdirSync(notes);
  writeFileSync(join(notes, "notes.txt"), "");
  writeProject(folder, files);
  const before = readdirSync(join(folder, "image"));
  symlinkSync(notes, join(folder, "image/notes"));
  symlinkSync("missing", join(folder, "image/broken"));

  writeProject(folder, files);

  expect(readdirSync(join(folder, "image"))).toEqual(before);
  expect(readdirSync(notes)).toEqual(["notes.txt"]);
});

test("keeps certificates of clients out of version control", () => {
  expect(files.get(".gitignore")).toBe(".dask/\n");
});

test.each([
  ["files of others", { "notes.txt": "" }],
  ["a compose.yaml of others", { "compose.yaml": "services: {}\n" }],
])("rejects a folder with %s, and changes nothing", async (title, existing) => {
  const folder = join(directory, title.replaceAll(" ", "-"));
  mkdirSync(folder);
  for (const [name, content] of Object.entries(existing)) writeFileSync(join(folder, name), content);

  expect(await failure(() => writeProject(folder, files))).toBe(
    `--output: got ${folder}, which has files but no compose.yaml of this command. Hint: name a new or an empty folder`,
  );
  expect(readdirSync(folder)).toEqual(Object.keys(existing));
});
