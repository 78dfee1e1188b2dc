import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { nextGeneration } from "../../lib/local/generation";
import { localPaths } from "../../lib/local/paths";
import { endProcesses, isAlive, mark, processesOf } from "../../lib/local/processes";

mkdirSync(".test", { recursive: true });
const directory = mkdtempSync(".test/processes-");
const paths = localPaths("test", directory);
mkdirSync(paths.root, { recursive: true });
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => endProcesses(paths));

/** Stands for the supervisor: a process that carries the stack's mark and has left its number behind. */
async function supervisor(env: NodeJS.ProcessEnv = { ...process.env, ...mark(paths) }) {
  const child = spawn(process.execPath, ["-e", "console.log(); setInterval(() => {}, 1000)"], { env });
  await once(child.stdout, "data");
  writeFileSync(paths.supervisorPid, `${child.pid}\n`);
  return child;
}

/** The part of Terraform's state that holds the generation. */
function state(generation?: number): string {
  const attributes = {
    triggers_replace: { value: { generation }, type: ["object", { generation: "number" }] },
  };
  const resources = [
    { mode: "managed", type: "terraform_data", name: "processes", instances: [{ attributes }] },
  ];
  writeFileSync(`${directory}/state`, JSON.stringify({ version: 4, resources: generation ? resources : [] }));
  return `${directory}/state`;
}

test("processes of the stack are found by their mark, and by no other stack", async () => {
  const { pid } = await supervisor();

  expect(processesOf(paths)).toEqual([pid]);
  expect(processesOf(localPaths("test", `${directory}/other`))).toEqual([]);
});

test("all of them are ended, also without a supervisor", async () => {
  const exits = [once(await supervisor(), "exit"), once(await supervisor(), "exit")];
  rmSync(paths.supervisorPid);
  await endProcesses(paths);

  expect(processesOf(paths)).toEqual([]);
  expect(await Promise.all(exits)).toEqual([
    [null, "SIGTERM"],
    [null, "SIGTERM"],
  ]);
});

test("a process that only has the supervisor's old number is not the supervisor", async () => {
  const stranger = await supervisor(process.env);
  const alive = isAlive(paths);
  stranger.kill();

  expect(alive).toBe(false);
});

test("the generation is kept while its run is alive, and is the next one after that", async () => {
  expect(nextGeneration(`${directory}/no-state`, "processes", paths)).toBe(1);
  expect(nextGeneration(state(), "processes", paths)).toBe(1);

  await supervisor();
  expect(nextGeneration(state(3), "processes", paths)).toBe(3);

  await endProcesses(paths);
  expect(nextGeneration(state(3), "processes", paths)).toBe(4);
});
