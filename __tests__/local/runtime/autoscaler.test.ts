import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { localPaths } from "../../../lib/local/paths";
import { autoscalerProgram, scalingSentences } from "../../../lib/local/runtime/autoscaler";
import { localPools } from "../../../lib/local/runtime/pools";
import { configDirectory } from "../../../lib/local/runtime/programs";
import { testDirectory } from "../../support/directory";
import { clusterOf, fixedSize, LAPTOP, PATHS, PORTS, WORKSTATION } from "../definitions";

const ROOT = "/project/.dask/test";

const cpu = {
  name: "cpu",
  kind: "cpu",
  minSize: 1,
  maxSize: 2,
  processes: 2,
  idleTimeout: "1 minute",
} as const;
const gpu = { name: "gpu", kind: "gpu", minSize: 2, desiredSize: 2, maxSize: 4 } as const;

function program(pools: Parameters<typeof clusterOf>[0], computer = LAPTOP) {
  const cluster = clusterOf(pools);
  return autoscalerProgram(cluster, localPools(cluster, computer).present, computer.cpus, PATHS, PORTS);
}

const paths = localPaths("test", testDirectory("autoscaler"));

test("is a program that starts after the smoke test, with the Python of the cluster", () => {
  expect(program([cpu])).toMatchObject({
    name: "dask-autoscaler",
    argv: [
      `${ROOT}/environment/bin/python`,
      ...["-P", "-m", "cdktf_dask.autoscaler"],
      `${ROOT}/config/dask-autoscaler/autoscaler.json`,
    ],
    environment: { PYTHONPATH: resolve("python/src"), PYTHONDONTWRITEBYTECODE: "1" },
    autostart: false,
    startSeconds: 1,
  });
});

test("scales the programs of the supervisor, with sizes and resources of this computer", () => {
  const settings = JSON.parse(program([cpu, gpu], WORKSTATION)?.config["autoscaler.json"] ?? "");

  expect(settings).toMatchObject({
    cluster: "test",
    scheduler: "http://127.0.0.1:18787",
    metrics: "127.0.0.1:18789",
    capacity: { kind: "local", socket: `${ROOT}/supervisor.sock` },
  });
  expect(settings.pools).toMatchObject([
    { name: "cpu", offers: { CPU: 1 }, workers: 2, threads: 1, minSize: 1, maxSize: 2, idleTimeout: 60 },
    { name: "gpu", offers: { GPU: 1 }, workers: 2, threads: 1, minSize: 1, maxSize: 1 },
  ]);
});

test("pools of a fixed size have no autoscaler, and no nodes beyond the desired ones", () => {
  const fixed = { ...fixedSize({ name: "cpu", kind: "cpu" } as const), minSize: 1 };

  expect(program([fixed])).toBeUndefined();
  expect(localPools(clusterOf([fixed]), LAPTOP).present).toMatchObject([{ nodes: 1, desired: 1 }]);
});

test("a sentence says how a pool scales, and none stands for a pool of a fixed size", () => {
  expect(scalingSentences(paths)).toEqual([]);

  const found = program([cpu, gpu, { ...fixedSize(cpu), name: "fixed" }], WORKSTATION);
  mkdirSync(configDirectory("dask-autoscaler", paths), { recursive: true });
  const file = join(configDirectory("dask-autoscaler", paths), "autoscaler.json");
  writeFileSync(file, found?.config["autoscaler.json"] ?? "");
  expect(scalingSentences(paths)).toEqual(["Pool cpu scales from 1 to 2 nodes with the work."]);
});
