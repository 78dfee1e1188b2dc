// One command at a time. Plain JavaScript: `npm start` also takes a lock before anything is installed or compiled.

"use strict";

const { execFileSync } = require("node:child_process");
const { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

/** Variable by which a command tells its children which claim is theirs too. */
const HELD = "CDKTF_DASK_LOCAL_LOCK";

/** Attempts and longest pause, in ms, where two commands claim at the same moment and both withdraw. */
const ATTEMPTS = 8;
const PAUSE = 200;

/**
 * @typedef {object} ClusterSecretName
 * @property {string} claim name of the claim's file
 * @property {number} pid
 * @property {number} since time of the claim, in ms since the epoch
 * @property {string} command what the process does
 */

/** Another process holds the lock. */
class LockedError extends Error {
  /** @param {ClusterSecretName} holder */
  constructor({ pid, since, command }) {
    const time = new Date(since).toLocaleTimeString("en-GB");
    super(
      `${command} is under way (process ${pid}, since ${time}); wait for its end, or end it, and try again`,
    );
    this.name = "LockedError";
  }
}

/**
 * Takes a lock until this process ends. The lock is a directory with one file for each process that claims it: the
 * name tells process, start time of that process, time of the claim, and command. So a claim is never half-written, and a
 * claim whose process is gone, or has given its PID to another one, counts as none.
 *
 * @param {string} directory
 * @param {string} command what this process does, such as `npm start`
 * @throws {LockedError} if another process holds it, other than a parent that handed it down
 */
function acquireLock(directory, command) {
  for (let attempt = 1; ; attempt++) {
    const claim = [process.pid, startTime(process.pid), Date.now(), command].join(".");
    mkdirSync(directory, { recursive: true });
    try {
      writeFileSync(join(directory, claim), "", { flag: "wx" });
    } catch (error) {
      // The previous holder has just removed the directory.
      if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT" && attempt < ATTEMPTS) continue;
      throw error;
    }
    const own = [claim, ...(process.env[HELD] ?? "").split("\n")];
    const [other] = holders(directory).filter((holder) => !own.includes(holder.claim));
    if (other === undefined) {
      process.env[HELD] = own.join("\n");
      process.on("exit", () => release(directory, claim));
      return;
    }
    release(directory, claim);
    if (attempt === ATTEMPTS || Date.now() - other.since > ATTEMPTS * PAUSE) throw new LockedError(other);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + Math.random() * PAUSE);
  }
}

/** Whether this process was started by a command that holds a lock. */
function heldByParent() {
  return Boolean(process.env[HELD]);
}

/**
 * Living processes that claim a lock, first claim first. Removes what is left of others.
 *
 * @param {string} directory
 * @returns {ClusterSecretName[]}
 */
function holders(directory) {
  const found = [];
  for (const claim of namesIn(directory)) {
    const [, pid, started, since, command] = /^(\d+)\.([^.]*)\.(\d+)\.(.*)$/s.exec(claim) ?? [];
    if (started !== undefined && started === startTime(Number(pid)))
      found.push({ claim, pid: Number(pid), since: Number(since), command: command ?? "" });
    else rmSync(join(directory, claim), { recursive: true, force: true });
  }
  return found.sort((a, b) => a.since - b.since);
}

/**
 * Removes a claim, those that killed processes have left of any lock, and the directories that are empty then:
 * `<project>/.dask/.locks/<name>`.
 *
 * @param {string} directory
 * @param {string} claim
 */
function release(directory, claim) {
  rmSync(join(directory, claim), { force: true });
  const locks = dirname(directory);
  for (const name of namesIn(locks)) {
    holders(join(locks, name));
    removeIfEmpty(join(locks, name));
  }
  for (const empty of [locks, dirname(locks)]) removeIfEmpty(empty);
}

/**
 * @param {string} directory
 * @returns {string[]} nothing where another process has just removed it
 */
function namesIn(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** @param {string} directory */
function removeIfEmpty(directory) {
  try {
    rmdirSync(directory);
  } catch {
    // Something is in it, or it is gone.
  }
}

/**
 * When a process was started, or `undefined` if there is none. A process that has ended and whose parent has not
 * noticed yet counts as none.
 *
 * @param {number} pid
 * @returns {string | undefined}
 */
function startTime(pid) {
  try {
    if (process.platform !== "linux")
      // The C locale: the text becomes part of a file's name.
      return execFileSync("/bin/ps", ["-o", "lstart=", "-p", String(pid)], {
        encoding: "utf8",
        env: { LC_ALL: "C" },
      }).trim();
    // proc_pid_stat(5): the state is field 3, the start time field 22; the command before them may contain spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return ["Z", "X"].includes(fields[0] ?? "") ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

module.exports = { acquireLock, heldByParent, LockedError };
