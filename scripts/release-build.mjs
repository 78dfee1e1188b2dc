/**
 * `npm run release:build [-- FOLDER]`: writes the files of a release to FOLDER (default: release/): the archive of npm, the
 * wheel of python/, SHA256SUMS, and NOTES.md with the section of CHANGELOG.md. Two builds of a commit have the same bytes.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ROOT } from "./main.mjs";
import { pythonEnvironment, run } from "./python.mjs";
import { releaseNotes } from "./release-check.mjs";

const folder = resolve(process.argv[2] ?? join(ROOT, "release"));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

// Its script `prepack` compiles.
execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: ROOT, stdio: "ignore" });

// An environment with uv, which has the backend that builds the wheel.
const python = join(await pythonEnvironment("shellcheck"), "python");
const options = ["--offline", "--quiet", "--no-config"];
run([
  python,
  "-m",
  "uv",
  ...options,
  "build",
  "--wheel",
  "--no-create-gitignore",
  "--out-dir",
  folder,
  "python",
]);

const sums = readdirSync(folder)
  .sort()
  .map(
    (name) =>
      `${createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex")}  ${name}\n`,
  );
writeFileSync(join(folder, "SHA256SUMS"), sums.join(""));
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
writeFileSync(join(folder, "NOTES.md"), releaseNotes(ROOT, version));
process.stdout.write(sums.join(""));
