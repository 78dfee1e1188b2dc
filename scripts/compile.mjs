// Compiles the project: `npm run build`. Replaces only files of dist/ that differ, each in one step, so that other commands can
// read dist/ at the same time.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { isMain, ROOT } from "./main.mjs";

const DIST = join(ROOT, "dist");

/** Prefix of the temporary directory of a compilation, before the PID. */
const TEMPORARY = ".new-";

/** Configuration of the compiler for the local stack only, without bindings of providers. */
export const LOCAL_PROJECT = "tsconfig.local.json";

/** Configuration of the compiler for the whole project. */
const WHOLE_PROJECT = "tsconfig.json";

/**
 * Compiles main.ts, lib/ and environments/ to dist/. Removes files without a source.
 *
 * @param project configuration of the compiler
 * @throws Error with the output of the compiler
 */
export function compile(project = WHOLE_PROJECT) {
  removeAbandoned();
  const fresh = join(DIST, `${TEMPORARY}${process.pid}`);
  try {
    const tsc = [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", join(ROOT, project), "--outDir", fresh];
    const { status, stdout } = spawnSync(process.execPath, tsc, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${stdout}the project does not compile. Hint: fix the errors above`);
    const compiled = filesBelow(fresh).map((file) => relative(fresh, file));
    for (const file of compiled) replace(join(fresh, file), join(DIST, file));
    if (project === WHOLE_PROJECT) removeOthers(new Set(compiled));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function replace(source, target) {
  if (contentOf(target)?.equals(readFileSync(source))) return;
  mkdirSync(dirname(target), { recursive: true });
  renameSync(source, target);
}

/** Removes files without a source. */
function removeOthers(compiled) {
  for (const path of filesBelow(DIST)) {
    const file = relative(DIST, path);
    if (!compiled.has(file)) rmSync(path, { force: true });
  }
}

function contentOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Files in a directory, without the temporary directories of other compilations. */
function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.name.startsWith(TEMPORARY)) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Removes the temporary directories of compilations that were killed. */
function removeAbandoned() {
  mkdirSync(DIST, { recursive: true });
  for (const name of readdirSync(DIST)) {
    if (name.startsWith(TEMPORARY) && !isRunning(Number(name.slice(TEMPORARY.length))))
      rmSync(join(DIST, name), { recursive: true, force: true });
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

if (isMain(import.meta.url)) {
  try {
    compile();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
