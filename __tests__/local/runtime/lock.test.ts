import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { holdLock } from "../../../lib/local/runtime/hold-lock";
import { testDirectory } from "../../support/directory";

const directory = testDirectory("lock");
const lock = join(directory, ".dask", ".locks", "test");
const LOCK = JSON.stringify(resolve("lib/local/runtime/lock.cjs"));

/** Takes the lock, says so, and stays until its standard input is closed. */
const HOLD = `
try { require(${LOCK}).acquireLock(process.argv[1], process.argv[2]); console.log("held"); }
catch (error) { console.log(error.name, error.message); process.exit(1); }
process.stdin.resume().on("end", () => process.exit());
`;

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
  return { child, said: String(text).trim() };
}

async function end(child: ChildProcess) {
  child.stdin?.end();
  await once(child, "exit");
}

const claim = (pid: number, started: string, command: string) =>
  writeFileSync(join(lock, `${pid}.${started}.${Date.now() - 60_000}.${command}`), "");

test("a second command is told which process holds the lock, since when", async () => {
  const first = await hold("npm start");
  expect(first.said).toBe("held");
  await new Promise((done) => setTimeout(done, 2000));

  const started = Date.now();
  const second = await hold("npm stop");
  expect(second.said).toMatch(
    new RegExp(
      `^LockedError npm start is under way \\(process ${first.child.pid}, since \\d\\d:\\d\\d:\\d\\d\\); ` +
        "wait for its end, or end it, and try again$",
    ),
  );
  expect(Date.now() - started).toBeLessThan(1500);

  await end(first.child);
  expect(existsSync(join(directory, ".dask"))).toBe(false);
  expect((await hold("npm stop")).said).toBe("held");
});

test("the lock of a process that was killed is stale", async () => {
  const { child } = await hold("npm start");
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(readdirSync(lock)).toHaveLength(1);

  expect((await hold("npm start")).said).toBe("held");
});

test("the lock of a process whose PID belongs to another process by now is stale", async () => {
  mkdirSync(lock, { recursive: true });
  claim(process.pid, "1", "npm start");

  expect((await hold("npm stop")).said).toBe("held");
  expect(readdirSync(lock)).toHaveLength(1);
});

test("the lock of a process that has ended and was not waited for is stale", async () => {
  // The shell starts a holder that ends at once, and becomes a program that never asks how its child fared.
  const holder = `"${process.execPath}" -e '${HOLD.replaceAll("'", "'\\''")}' "$0" "npm start" < /dev/null`;
  const parent = spawn("sh", ["-c", `{ ${holder}; } & exec sleep 60`, lock], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(parent);
  await once(parent.stdout, "data");
  const [pid] = /^\d+/.exec(readdirSync(lock)[0] ?? "") ?? [];
  process.kill(Number(pid), "SIGKILL");

  expect((await hold("npm stop")).said).toBe("held");
});

test("what is no claim is removed", async () => {
  mkdirSync(lock, { recursive: true });
  for (const name of ["", "1", "a.b.c.d", "1.2.3"]) writeFileSync(join(lock, `${name}~`), "");

  const { child } = await hold("npm start");
  expect(readdirSync(lock)).toHaveLength(1);
  await end(child);
});

test("the end of a command removes what killed ones have left of other locks", async () => {
  const other = join(directory, ".dask", ".locks", "other");
  mkdirSync(other, { recursive: true });
  writeFileSync(join(other, "1.1.1.npm start"), "");
  const { child } = await hold("npm stop");
  await end(child);

  expect(existsSync(join(directory, ".dask"))).toBe(false);
});

test("the end of a command leaves the locks of others alone", async () => {
  const other = join(directory, ".dask", ".locks", "other");
  const first = await hold("npm start", other);
  await end((await hold("npm stop")).child);

  expect((await hold("npm start", other)).said).toMatch(/^LockedError npm start is under way/);
  await end(first.child);
});

test("a command may wait for another one to end", async () => {
  const { child } = await hold("npm start");
  setTimeout(() => child.stdin?.end(), 500);
  await holdLock(lock, "stop of local", 30);

  expect(readdirSync(lock)).toEqual([expect.stringMatching(new RegExp(`^${process.pid}\\.`))]);
  rmSync(lock, { recursive: true });
});

test("a command waits as long as it says, and no longer", async () => {
  const { child } = await hold("npm start");

  await expect(holdLock(lock, "stop of local", 0.5)).rejects.toThrow(
    `npm start is under way (process ${child.pid}`,
  );
});

test("a child of the holder may take the lock too", () => {
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

test("of commands that claim at the same moment at most one holds the lock", async () => {
  const held = await Promise.all(Array.from({ length: 6 }, (_, index) => hold(`command ${index}`)));

  expect(held.filter(({ said }) => said === "held").length).toBeLessThanOrEqual(1);
  expect(held.filter(({ said }) => said.startsWith("LockedError command ")).length).toBeGreaterThanOrEqual(5);
});
