import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Checkout } from "../checkout";
import { killTree } from "../process-tree";

jest.setTimeout(1_800_000);

const REMOVED = "The cluster is removed: no process and no file remains.";

let checkout: Checkout;
beforeAll(async () => {
  checkout = await Checkout.make();
});
afterAll(() => checkout.remove());

/** Rounds of the test, and maximum time in milliseconds until a start is killed: about the duration of a start. */
const ROUNDS = 20;
const MAX_DELAY_MS = 20_000;

describe("npm start that is killed", () => {
  const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

  /** Returns a generator of numbers from 0 to 1 with the seed (mulberry32). */
  function random(): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  test(`npm stop and npm start work after each of ${ROUNDS} kills with all processes (CHAOS_SEED=${seed})`, async () => {
    const next = random();
    const reached: string[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const after = Math.round(next() * MAX_DELAY_MS);
      const start = checkout.spawn("start", ["ignore", "pipe", "pipe"]);
      let output = "";
      for (const stream of [start.stdout, start.stderr]) stream?.on("data", (text) => (output += text));
      const ended = once(start, "close");
      await Promise.race([sleep(after), ended]);
      await killTree(start.pid ?? 0);
      await ended;
      const at = `round ${round}, killed after ${after} ms at "${output.trim().split("\n").at(-1)}"`;
      reached.push(at);

      // Every fourth round starts again without a stop, with the remaining files and processes.
      const command = round % 4 === 0 ? "start" : "stop";
      const then = await checkout.script(command);
      const wanted =
        command === "stop" ? REMOVED : /The cluster runs, and its smoke test has passed|Nothing changed/;
      expect([at, then.output]).toEqual([at, expect.stringMatching(wanted)]);
      expect([at, then.code]).toEqual([at, 0]);
      if (command === "start") expect([at, await checkout.workers()]).toEqual([at, "2 workers"]);
      else expect([at, checkout.remaining]).toEqual([at, []]);
    }
    console.log(reached.join("\n"));
    expect((await checkout.script("start")).output).toMatch(/The cluster runs|Nothing changed/);
    expect((await checkout.script("stop")).output).toContain(REMOVED);
    expect(checkout.remaining).toEqual([]);
  });
});
