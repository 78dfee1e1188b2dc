import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localPaths } from "../../../lib/local/paths";
import {
  describeRemaining,
  endProcesses,
  processesOf,
  processMarker,
  supervisorOf,
} from "../../../lib/local/runtime/processes";
import { liveRun, recordRun } from "../../../lib/local/runtime/running";
import { nextGeneration } from "../../../lib/local/stack/generation";
import { testDirectory } from "../../support/directory";

const directory = testDirectory("processes");
const paths = localPaths("test", directory);
mkdirSync(join(paths.environment, "bin"), { recursive: true });
symlinkSync(process.execPath, join(paths.environment, "bin", "python"));
afterEach(() => endProcesses(paths));

/** Stands for supervisor and scheduler: has the marker of the cluster, listens on a port, and has a PID file. */
async function supervisor(env: NodeJS.ProcessEnv = { ...process.env, ...processMarker(paths) }) {
  const listen = `require("net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port) })`;
  const child = spawn(process.execPath, ["-e", listen], { env });
  const [text] = await once(child.stdout, "data");
  writeFileSync(paths.supervisorPid, `${child.pid}\n`);
  return { child, ports: { scheduler: Number(text), dashboard: 1 } };
}

/** Writes the fields of Terraform's state that contain the generation. */
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

test("finds the processes of a cluster by their marker, and not those of another cluster", async () => {
  const { child } = await supervisor();

  expect(processesOf(paths)).toEqual([child.pid]);
  expect(processesOf(localPaths("test", `${directory}/other`))).toEqual([]);
  expect(processesOf(localPaths("tes", directory))).toEqual([]);
  expect(describeRemaining(paths)).toBe(`processes ${child.pid} are still running`);
});

test("ends all processes, also without a supervisor", async () => {
  const exits = [await supervisor(), await supervisor()].map(({ child }) => once(child, "exit"));
  rmSync(paths.supervisorPid);
  await endProcesses(paths);

  expect(describeRemaining(paths)).toBe("no process is running");
  expect(await Promise.all(exits)).toEqual([
    [null, "SIGTERM"],
    [null, "SIGTERM"],
  ]);
});

test("ends a suspended process without a timeout", async () => {
  const { child } = await supervisor();
  const exit = once(child, "exit");
  child.kill("SIGSTOP");
  await endProcesses(paths);

  expect(await exit).toEqual([null, "SIGTERM"]);
});

test("does not take a process with the PID of an earlier supervisor for the supervisor", async () => {
  const { child } = await supervisor(process.env);
  const found = supervisorOf(paths);
  child.kill();

  expect(found).toBeUndefined();
});

test.each(["", "12\0", "no number", "1e99"])("finds no supervisor with the PID file %j", async (content) => {
  await supervisor();
  writeFileSync(paths.supervisorPid, content);

  expect(supervisorOf(paths)).toBeUndefined();
});

describe("a recorded cluster", () => {
  test("is alive while its supervisor runs, its port is open and its environment exists", async () => {
    const { ports } = await supervisor();
    const run = { generation: 3, address: "tcp://127.0.0.1:1", ports };
    recordRun(paths, run);
    expect(liveRun(paths)).toEqual(run);

    await endProcesses(paths);
    expect(liveRun(paths)).toBeUndefined();
  });

  test("is not alive if its scheduler does not listen", async () => {
    const { ports } = await supervisor();
    recordRun(paths, { generation: 3, address: "", ports: { ...ports, scheduler: 1 } });

    expect(liveRun(paths)).toBeUndefined();
  });

  test("is not alive if another process listens on its port", async () => {
    const stranger = await supervisor(process.env);
    await supervisor();
    recordRun(paths, { generation: 3, address: "", ports: stranger.ports });
    const alive = liveRun(paths);
    stranger.child.kill();

    expect(alive).toBeUndefined();
  });

  test.each(["", '{"generation": 3, "addr', "null"])("is not alive with the record %j", async (content) => {
    await supervisor();
    writeFileSync(paths.run, content);

    expect(liveRun(paths)).toBeUndefined();
  });

  test("is not alive without its environment", async () => {
    const { ports } = await supervisor();
    recordRun(paths, { generation: 3, address: "", ports });
    const lost = localPaths("test", directory);

    expect(liveRun({ ...lost, environment: `${directory}/gone` })).toBeUndefined();
  });
});

describe("the generation", () => {
  test("is that of the state while the cluster is alive, otherwise the next one", async () => {
    const { ports } = await supervisor();
    recordRun(paths, { generation: 3, address: "", ports });
    expect(nextGeneration(state(3), paths)).toBe(3);

    await endProcesses(paths);
    expect(nextGeneration(state(3), paths)).toBe(4);
    expect(nextGeneration(`${directory}/no-state`, paths)).toBe(1);
  });

  test("is the next one if the processes belong to a start that was killed", async () => {
    const { ports } = await supervisor();
    recordRun(paths, { generation: 2, address: "", ports });
    expect(nextGeneration(state(3), paths)).toBe(4);

    rmSync(paths.run);
    expect(nextGeneration(state(3), paths)).toBe(4);
  });
});
