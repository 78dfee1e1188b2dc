import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { waitForLock } from "../../../lib/local/runtime/wait-for-lock";
import { testDirectory } from "../../support/directory";

const directory = testDirectory("lock");
const lock = join(directory, ".dask", ".locks", "test");
const LOCK = JSON.stringify(resolve("lib/local/runtime/lock.cjs"));

/** Takes the lock, prints `held`, and runs until its standard input is closed. */
const HOLD = `
try { require(${LOCK}).acquireLock(process.argv[1], process.argv[2]); console.log("held"); }
catch (error) { console.log(error.name, error.message); process.exit(1); }
process.stdin.resume().on("end", () => process.exit());
`;

// Each test starts several processes, which takes seconds on a busy computer.
jest.setTimeout(30_000);

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function hold(command: string, directory = lock) {
  const child = spawn(process.execPath, ["-e", HOLD, directory, command], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const [text] = await once(child.stdout, "data");
  return { child, output: String(text).trim() };
}

async function end(child: ChildProcess) {
  child.stdin?.end();
  await once(child, "exit");
}

const claim = (pid: number, started: string, command: string) =>
  writeFileSync(join(lock, `${pid}.${started}.${Date.now() - 60_000}.${command}`), "");

test("names the process that has the lock, and the time since when", async () => {
  const first = await hold("npm start");
  expect(first.output).toBe("held");
  await new Promise((done) => setTimeout(done, 2000));

  const started = Date.now();
  const second = await hold("npm stop");
  expect(second.output).toMatch(
    new RegExp(
      `^LockedError npm start is running \\(process ${first.child.pid}, since \\d\\d:\\d\\d:\\d\\d\\)\\. ` +
        "Hint: wait until it ends, or stop it, and try again$",
    ),
  );
  expect(Date.now() - started).toBeLessThan(1500);

  await end(first.child);
  expect(existsSync(join(directory, ".dask"))).toBe(false);
  expect((await hold("npm stop")).output).toBe("held");
});

test("ignores the claim of a process that was killed", async () => {
  const { child } = await hold("npm start");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(readdirSync(lock)).toHaveLength(1);

  expect((await hold("npm start")).output).toBe("held");
});

test("ignores the claim of a process whose PID belongs to another process", async () => {
  mkdirSync(lock, { recursive: true });
  claim(process.pid, "1", "npm start");

  expect((await hold("npm stop")).output).toBe("held");
  expect(readdirSync(lock)).toHaveLength(1);
});

test("ignores the claim of a zombie", async () => {
  // The shell starts a process with the lock that ends at once, and becomes a program that never waits for its child.
  const owner = `"${process.execPath}" -e '${HOLD.replaceAll("'", "'\\''")}' "$0" "npm start" < /dev/null`;
  const parent = spawn("sh", ["-c", `{ ${owner}; } & exec sleep 60`, lock], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(parent);
  await once(parent.stdout, "data");
  const [pid] = /^\d+/.exec(readdirSync(lock)[0] ?? "") ?? [];
  process.kill(Number(pid), "SIGKILL");

  expect((await hold("npm stop")).output).toBe("held");
});

test("removes files that are not claims", async () => {
  mkdirSync(lock, { recursive: true });
  for (const name of ["", "1", "a.b.c.d", "1.2.3"]) writeFileSync(join(lock, `${name}~`), "");

  const { child } = await hold("npm start");
  expect(readdirSync(lock)).toHaveLength(1);
  await end(child);
});

test("removes the claims of killed processes for other locks at the end of a command", async () => {
  const other = join(directory, ".dask", ".locks", "other");
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, "1.1.1.npm start"), "");
  const { child } = await hold("npm stop");
  await end(child);

  expect(existsSync(join(directory, ".dask"))).toBe(false);
});

test("keeps the locks of other commands at the end of a command", async () => {
  const other = join(directory, ".dask", ".locks", "other");
  const first = await hold("npm start", other);
  await end((await hold("npm stop")).child);

  expect((await hold("npm start", other)).output).toMatch(/^LockedError npm start is running/);
  await end(first.child);
});

test("waits until another command ends", async () => {
  const { child } = await hold("npm start");
  setTimeout(() => child.stdin?.end(), 500);
  await waitForLock(lock, "stop of local", 30);

  expect(readdirSync(lock)).toEqual([expect.stringMatching(new RegExp(`^${process.pid}\\.`))]);
  rmSync(lock, { recursive: true });
});

test("stops waiting after the maximum wait", async () => {
  const { child } = await hold("npm start");

  await expect(waitForLock(lock, "stop of local", 0.5)).rejects.toThrow(
    `npm start is running (process ${child.pid}`,
  );
});

test("allows a child of the process that has the lock", () => {
  const nested = `
    require(${LOCK}).acquireLock(process.argv[1], "npm start");
    const { status, stdout } = require("node:child_process").spawnSync(process.execPath,
      ["-e", "require(${LOCK.replaceAll('"', "'")}).acquireLock(process.argv[1], 'install')", process.argv[1]]);
    process.exit(status);
  `;

  expect(spawnSync(process.execPath, ["-e", nested, lock], { encoding: "utf8" })).toMatchObject({
    status: 0,
  });
});

test("gives the lock to at most one of several commands that claim it at the same time", async () => {
  const held = await Promise.all(Array.from({ length: 6 }, (_, index) => hold(`command ${index}`)));

  expect(held.filter(({ output }) => output === "held").length).toBeLessThanOrEqual(1);
  expect(
    held.filter(({ output }) => output.startsWith("LockedError command ")).length,
  ).toBeGreaterThanOrEqual(5);
});
