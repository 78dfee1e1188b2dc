import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Checkout } from "../checkout";

jest.setTimeout(600_000);

const IDLE_SECONDS = 6;

/** Two pools that are empty at rest. */
const ELASTIC = `({ ...local, pools: ["cpu", "big"].map((name, index) => ({
  ...local.pools[0],
  name,
  minSize: 0,
  desiredSize: 0,
  maxSize: 2 - index,
  memoryLimit: "500MiB",
  resources: { [name.toUpperCase()]: 1 },
  idleTimeout: ${IDLE_SECONDS},
  targetDuration: 4,
})) as unknown as typeof local.pools })`;

/**
 * Runs work on both pools and kills the autoscaler, in the middle of the work and of the scale-in. Each task writes a line when
 * it starts.
 */
const RUN = (address: string, directory: string) => `
import collections, json, os, signal, time
from pathlib import Path
from distributed import Client, get_worker

STARTED = ${JSON.stringify(join(directory, "started"))}

def work(pool, number, seconds):
    with open(STARTED, "a") as file:
        file.write(f"{pool} {number}\\n")
    time.sleep(seconds)
    return pool, str(get_worker().name), bytes(100_000)

def nodes(dask_scheduler):
    return sorted(str(worker.name) for worker in dask_scheduler.workers.values())

def kill_autoscaler():
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\\0")
            if b"cdktf_dask.autoscaler" in words and ${JSON.stringify(directory)}.encode() in words[0]:
                os.kill(int(folder.name), signal.SIGKILL)
                return True
        except OSError:
            pass
    return False

with Client("${address}", timeout=30) as client:
    def until(condition, seconds=60):
        begun = time.monotonic()
        while not condition(found := client.run_on_scheduler(nodes)):
            assert time.monotonic() - begun < seconds, found
            time.sleep(0.2)
        return found
    answer = {"at rest": client.run_on_scheduler(nodes)}
    first = client.submit(work, "cpu", -1, 0.1, resources={"CPU": 1}, pure=False)
    answer["first"] = first.result()[1]
    tasks = client.map(work, ["cpu"] * 24, range(24), [0.5] * 24, resources={"CPU": 1}, pure=False)
    tasks += client.map(work, ["big"] * 8, range(8), [0.5] * 8, resources={"BIG": 1}, pure=False)
    answer["most"] = until(lambda found: len(found) == 3)
    answer["killed at work"] = kill_autoscaler()
    placed = collections.Counter((pool, name.partition("--")[0]) for pool, name, _ in client.gather(tasks))
    answer["placed"] = sorted([*pair, count] for pair, count in placed.items())
    # The results keep a node of each pool.
    answer["held"] = len(until(lambda found: len(found) == 2))
    answer["killed at rest"] = kill_autoscaler()
    answer["statuses"] = sorted({task.status for task in [first, *tasks]})
    answer["results"] = len(client.gather([first, *tasks]))
    answer["started"] = len(Path(STARTED).read_text().splitlines())
    del first, tasks
    answer["released"] = until(lambda found: not found)
print(json.dumps(answer))
`;

describe("npm start of a cluster with elastic pools", () => {
  let checkout: Checkout;
  beforeAll(async () => {
    checkout = await Checkout.make();
    checkout.define(ELASTIC);
  });
  afterAll(() => checkout.remove());

  test("says how the pools scale", async () => {
    const { code, output } = await checkout.script("start");

    expect(output).toContain(
      `The cluster runs, and its smoke test has passed.
Pool cpu scales from 0 to 2 nodes with the work.
Pool big scales from 0 to 1 node with the work.
`,
    );
    expect(code).toBe(0);
  });

  test("pools follow the work from zero and back, and lose no result, also without their autoscaler", async () => {
    expect(await checkout.python(RUN(checkout.address, checkout.directory))).toEqual({
      "at rest": [],
      first: "cpu--local-0",
      most: ["big--local-0", "cpu--local-0", "cpu--local-1"],
      "killed at work": true,
      placed: [
        ["big", "big", 8],
        ["cpu", "cpu", 24],
      ],
      held: 2,
      "killed at rest": true,
      statuses: ["finished"],
      results: 33,
      started: 33,
      released: [],
    });
  });

  test("the log has each change with its reason", async () => {
    const lines = () => {
      const log = readFileSync(join(checkout.paths.logs, "dask-autoscaler.log"), "utf8");
      return log.split("\n").map((line) => line.replace(/^\S+ \S+ (INFO|WARNING) autoscaler /, ""));
    };
    // The last drain is logged with the next decision.
    let found = lines();
    for (let i = 0; i < 100 && !found.some((line) => line.startsWith("ended")); i++) {
      await sleep(100);
      found = lines();
    }
    const matching = (pattern: RegExp) => found.filter((line) => pattern.test(line));

    expect(found).toContain("out cpu to 1: 1 tasks want 1");
    expect(matching(/^out cpu to 2: \d+ tasks want 2$/)).toHaveLength(1);
    expect(matching(/^in cpu cpu--local-\d: at most 1 were wanted for 6 s$/)).toHaveLength(1);
    expect(
      matching(/^ended \S+ after a drain of \S+ s: 0 tasks given back, 0 run again, 0 results lost$/),
    ).not.toEqual([]);
    expect(matching(/^scales the pools of local: cpu 0 to 2, big 0 to 1$/)).toHaveLength(3);
    expect(matching(/ERROR|^(kept|failed|unsatisfiable) /)).toEqual([]);
  });

  test("a second npm start changes nothing while the pools are empty", async () => {
    const { code, output } = await checkout.script("start");

    expect(output).toContain(
      "Nothing changed: the cluster runs as defined.\nPool cpu scales from 0 to 2 nodes",
    );
    expect(code).toBe(0);
  });
});
