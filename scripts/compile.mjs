// Compiles the project: `npm run build`. Every file of dist/ is replaced in one step and only if it differs, so that
// other commands may read dist/ meanwhile, and a file that is damaged is made again.

import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { isMain, ROOT } from "./main.mjs";

const DIST = join(ROOT, "dist");

/** Prefix of the directory that a compilation writes to, before its PID. */
const NEW = ".new-";

/** Configuration of the compiler for the local stack only, which needs no bindings of providers. */
export const LOCAL_PROJECT = "tsconfig.local.json";

/** Configuration for the whole project. */
const WHOLE_PROJECT = "tsconfig.json";

/**
 * Compiles main.ts, lib/ and environments/ to dist/. Files of sources that are gone are removed.
 *
 * @param project configuration of the compiler
 * @throws Error with what the compiler reports
 */
export function compile(project = WHOLE_PROJECT) {
  removeLeftOver();
  const fresh = join(DIST, `${NEW}${process.pid}`);
  try {
    const tsc = [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", join(ROOT, project), "--outDir", fresh];
    const { status, stdout } = spawnSync(process.execPath, tsc, { encoding: "utf8" });
    if (status !== 0)
      throw new Error(`${stdout}the project does not compile; correct the errors above and try again`);
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

/** Removes what no source compiles to. */
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

/** Files below a directory, without those of compilations that are under way. */
function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.name.startsWith(NEW)) return [];
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

/** Removes the directories of compilations that were killed. */
function removeLeftOver() {
  mkdirSync(DIST, { recursive: true });
  for (const name of readdirSync(DIST)) {
    if (name.startsWith(NEW) && !isRunning(Number(name.slice(NEW.length))))
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
