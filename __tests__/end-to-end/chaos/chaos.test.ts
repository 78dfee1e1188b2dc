import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Checkout } from "../checkout";
import { killTree } from "../process-tree";

jest.setTimeout(1_800_000);

const GONE = "The cluster is gone: no process is left, and no file of it.";

let checkout: Checkout;
beforeAll(async () => {
  checkout = await Checkout.make();
});
afterAll(() => checkout.remove());

/** Rounds of the test below, and the longest time after which a round kills, in ms: about as long as a start takes. */
const ROUNDS = 20;
const LONGEST = 20_000;

describe("chaos", () => {
  const seed = Number(process.env.CHAOS_SEED ?? Date.now() % 1_000_000);

  /** Numbers from 0 to 1 that the seed decides (mulberry32). */
  function random(): () => number {
    let state = seed;
    return () => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
  }

  test(`after ${ROUNDS} starts that were killed with all their processes, stop and start work (CHAOS_SEED=${seed})`, async () => {
    const next = random();
    const reached: string[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const after = Math.round(next() * LONGEST);
      const start = checkout.spawn("start", ["ignore", "pipe", "pipe"]);
      let output = "";
      for (const stream of [start.stdout, start.stderr]) stream?.on("data", (text) => (output += text));
      const ended = once(start, "close");
      await Promise.race([sleep(after), ended]);
      await killTree(start.pid ?? 0);
      await ended;
      const at = `round ${round}, killed after ${after} ms at "${output.trim().split("\n").at(-1)}"`;
      reached.push(at);

      // Every other round a start has to cope with what is left, without a stop before it.
      const command = round % 4 === 0 ? "start" : "stop";
      const then = await checkout.script(command);
      const wanted =
        command === "stop" ? GONE : /The cluster runs, and its smoke test has passed|Nothing changed/;
      expect([at, then.output]).toEqual([at, expect.stringMatching(wanted)]);
      expect([at, then.code]).toEqual([at, 0]);
      if (command === "start") expect([at, await checkout.workers()]).toEqual([at, "2 workers"]);
      else expect([at, checkout.left]).toEqual([at, []]);
    }
    console.log(reached.join("\n"));
    expect((await checkout.script("start")).output).toMatch(/The cluster runs|Nothing changed/);
    expect((await checkout.script("stop")).output).toContain(GONE);
    expect(checkout.left).toEqual([]);
  });
});
