import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localPaths } from "../../../lib/local/paths";
import {
  endProcesses,
  mark,
  processesOf,
  supervisorOf,
  whatIsLeft,
} from "../../../lib/local/runtime/processes";
import { aliveRun, recordRun } from "../../../lib/local/runtime/running";
import { nextGeneration } from "../../../lib/local/stack/generation";
import { testDirectory } from "../../support/directory";

const directory = testDirectory("processes");
const paths = localPaths("test", directory);
mkdirSync(join(paths.environment, "bin"), { recursive: true });
symlinkSync(process.execPath, join(paths.environment, "bin", "python"));
afterEach(() => endProcesses(paths));

/** Stands for the supervisor and the scheduler: has the stack's mark, listens on a port, and has left its PID. */
async function supervisor(env: NodeJS.ProcessEnv = { ...process.env, ...mark(paths) }) {
  const listen = `require("net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port) })`;
  const child = spawn(process.execPath, ["-e", listen], { env });
  const [text] = await once(child.stdout, "data");
  writeFileSync(paths.supervisorPid, `${child.pid}\n`);
  return { child, ports: { scheduler: Number(text), dashboard: 1 } };
}

/** The part of Terraform's state that contains the generation. */
function state(generation: number): string {
  const attributes = {
    triggers_replace: { value: { generation }, type: ["object", { generation: "number" }] },
  };
  const resources = [
    { mode: "managed", type: "terraform_data", name: "processes", instances: [{ attributes }] },
  ];
  writeFileSync(`${directory}/state`, JSON.stringify({ version: 4, resources }));
  return `${directory}/state`;
}

test("processes of the stack are found by their mark, and not by another stack", async () => {
  const { child } = await supervisor();

  expect(processesOf(paths)).toEqual([child.pid]);
  expect(processesOf(localPaths("test", `${directory}/other`))).toEqual([]);
  expect(processesOf(localPaths("tes", directory))).toEqual([]);
  expect(whatIsLeft(paths)).toBe(`processes ${child.pid} are still running`);
});

test("all of them are ended, also without a supervisor", async () => {
  const exits = [await supervisor(), await supervisor()].map(({ child }) => once(child, "exit"));
  rmSync(paths.supervisorPid);
  await endProcesses(paths);

  expect(whatIsLeft(paths)).toBe("nothing is left running");
  expect(await Promise.all(exits)).toEqual([
    [null, "SIGTERM"],
    [null, "SIGTERM"],
  ]);
});

test("one that was stopped is ended without waiting for it", async () => {
  const { child } = await supervisor();
  const exit = once(child, "exit");
  child.kill("SIGSTOP");
  await endProcesses(paths);

  expect(await exit).toEqual([null, "SIGTERM"]);
});

test("a process that has the supervisor's old PID is not the supervisor", async () => {
  const { child } = await supervisor(process.env);
  const found = supervisorOf(paths);
  child.kill();

  expect(found).toBeUndefined();
});

test.each(["", "12\0", "no number", "1e99"])("a PID file of %j names no supervisor", async (content) => {
  await supervisor();
  writeFileSync(paths.supervisorPid, content);

  expect(supervisorOf(paths)).toBeUndefined();
});

describe("a run", () => {
  test("is alive while its supervisor is there, its port is open and its environment exists", async () => {
    const { ports } = await supervisor();
    const run = { generation: 3, address: "tcp://127.0.0.1:1", ports };
    recordRun(paths, run);
    expect(aliveRun(paths)).toEqual(run);

    await endProcesses(paths);
    expect(aliveRun(paths)).toBeUndefined();
  });

  test("whose scheduler does not listen is not alive", async () => {
    const { ports } = await supervisor();
    recordRun(paths, { generation: 3, address: "", ports: { ...ports, scheduler: 1 } });

    expect(aliveRun(paths)).toBeUndefined();
  });

  test("whose port belongs to a process of somebody else is not alive", async () => {
    const stranger = await supervisor(process.env);
    await supervisor();
    recordRun(paths, { generation: 3, address: "", ports: stranger.ports });
    const alive = aliveRun(paths);
    stranger.child.kill();

    expect(alive).toBeUndefined();
  });

  test.each(["", '{"generation": 3, "addr', "null"])("whose record is %j is not alive", async (content) => {
    await supervisor();
    writeFileSync(paths.run, content);

    expect(aliveRun(paths)).toBeUndefined();
  });

  test("without its environment is not alive", async () => {
    const { ports } = await supervisor();
    recordRun(paths, { generation: 3, address: "", ports });
    const lost = localPaths("test", directory);

    expect(aliveRun({ ...lost, environment: `${directory}/gone` })).toBeUndefined();
  });
});

describe("the generation", () => {
  test("is kept while its run is alive, and is the next one after that", async () => {
    const { ports } = await supervisor();
    recordRun(paths, { generation: 3, address: "", ports });
    expect(nextGeneration(state(3), paths)).toBe(3);

    await endProcesses(paths);
    expect(nextGeneration(state(3), paths)).toBe(4);
    expect(nextGeneration(`${directory}/no-state`, paths)).toBe(1);
  });

  test("is the next one if the processes are those of a start that was killed before its end", async () => {
    const { ports } = await supervisor();
    recordRun(paths, { generation: 2, address: "", ports });
    expect(nextGeneration(state(3), paths)).toBe(4);

    rmSync(paths.run);
    expect(nextGeneration(state(3), paths)).toBe(4);
  });
});
