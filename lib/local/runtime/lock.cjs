// Lock that allows one command at a time. Plain JavaScript, because `npm start` uses it before npm installs packages.

"use strict";

const { execFileSync } = require("node:child_process");
const { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

/** Environment variable with the claims of a command, which its children may share. */
const CLAIMS_VARIABLE = "CDKTF_DASK_LOCAL_LOCK";

/** Attempts and maximum pause in milliseconds, if two commands claim at the same time and both withdraw. */
const MAX_ATTEMPTS = 8;
const MAX_PAUSE_MS = 200;

/**
 * @typedef {object} LockOwner
 * @property {string} claim file name of the claim
 * @property {number} pid
 * @property {number} since time of the claim, in ms since the epoch
 * @property {string} command command of the process, such as `npm start`
 */

/** Another process has the lock. */
class LockedError extends Error {
  /** @param {LockOwner} owner */
  constructor({ pid, since, command }) {
    const time = new Date(since).toLocaleTimeString("en-GB");
    super(
      `${command} is running (process ${pid}, since ${time}). Hint: wait until it ends, or stop it, and try again`,
    );
    this.name = "LockedError";
  }
}

/**
 * Takes a lock until this process ends. The lock is a directory with an empty file for each process that claims it. The name
 * of the file has the PID, the start time of the process, the time of the claim, and the command. Therefore a claim is never
 * incomplete, and a claim is ignored if its process has ended, or another process has its PID.
 *
 * @param {string} directory
 * @param {string} command command of this process, such as `npm start`
 * @throws {LockedError} if another process has the lock, unless it is a parent of this process
 */
function acquireLock(directory, command) {
  for (let attempt = 1; ; attempt++) {
    const claim = [process.pid, startTime(process.pid), Date.now(), command].join(".");
    mkdirSync(directory, { recursive: true });
    try {
      writeFileSync(join(directory, claim), "", { flag: "wx" });
    } catch (error) {
      // The previous owner has just removed the directory.
      if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT" && attempt < MAX_ATTEMPTS) continue;
      throw error;
    }
    const own = [claim, ...(process.env[CLAIMS_VARIABLE] ?? "").split("\n")];
    const [other] = owners(directory).filter(({ claim }) => !own.includes(claim));
    if (other === undefined) {
      process.env[CLAIMS_VARIABLE] = own.join("\n");
      process.on("exit", () => release(directory, claim));
      return;
    }
    release(directory, claim);
    if (attempt === MAX_ATTEMPTS || Date.now() - other.since > MAX_ATTEMPTS * MAX_PAUSE_MS)
      throw new LockedError(other);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + Math.random() * MAX_PAUSE_MS);
  }
}

/** Whether a parent of this process has a lock. */
function parentHasLock() {
  return Boolean(process.env[CLAIMS_VARIABLE]);
}

/**
 * Returns the processes that claim a lock, first claim first. Removes the claims of processes that have ended.
 *
 * @param {string} directory
 * @returns {LockOwner[]}
 */
function owners(directory) {
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
 * Removes a claim, all claims of killed processes for any lock, and the directories `<project>/.dask/.locks/<name>` that are
 * then empty.
 *
 * @param {string} directory
 * @param {string} claim
 */
function release(directory, claim) {
  rmSync(join(directory, claim), { force: true });
  const locks = dirname(directory);
  for (const name of namesIn(locks)) {
    owners(join(locks, name));
    removeIfEmpty(join(locks, name));
  }
  for (const empty of [locks, dirname(locks)]) removeIfEmpty(empty);
}

/**
 * @param {string} directory
 * @returns {string[]} empty if another process has just removed the directory
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
    // Not empty, or already removed.
  }
}

/**
 * Returns the start time of a process, or `undefined` if it does not exist or is a zombie.
 *
 * @param {number} pid
 * @returns {string | undefined}
 */
function startTime(pid) {
  try {
    if (process.platform !== "linux")
      // In the C locale, because the text becomes part of a file name.
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

module.exports = { acquireLock, parentHasLock, LockedError };
