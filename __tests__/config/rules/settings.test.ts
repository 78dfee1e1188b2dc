import { defineCluster } from "../../../lib/config/define";
import type { DaskSettings, EnvironmentValue, SettingsDefinition } from "../../../lib/config/definition";
import type { ReleaseName } from "../../../lib/config/releases";
import { unknownDaskKeys } from "../../../lib/config/rules/settings";
import { issuesOf } from "../issues-of";

const network = { adminSubnets: ["10.0.0.0/8"] };
const definition = (settings: SettingsDefinition, release: ReleaseName = "2026.7") => ({
  name: "c",
  network,
  release,
  ...settings,
});

describe("a key of Dask's configuration", () => {
  test.each<[string, DaskSettings, unknown, string]>([
    [
      "distributed.worker.memory.target",
      { distributed: { worker: { memory: { target: "high" } } } },
      "high",
      "a number above 0 and at most 1, or false",
    ],
    [
      "distributed.scheduler.allowed-failures",
      { "distributed.scheduler.allowed-failures": -1 },
      -1,
      "a whole number from 0",
    ],
    [
      "distributed.worker.memory.spill",
      { distributed: { "worker.memory": { spill: true } } },
      true,
      "a number above 0 and at most 1, or false",
    ],
    [
      "distributed.scheduler.worker-ttl",
      { distributed: { scheduler: { worker_ttl: 300 } } },
      300,
      "a text or null",
    ],
    [
      "distributed.comm.compression",
      { "distributed.comm.compression": "gzip" },
      "gzip",
      'null, false, "auto", "zlib", "lz4", "snappy", "zstd"',
    ],
    ["distributed.worker", { distributed: { worker: 3 } }, 3, "an object"],
    ["array.chunk-size", { array: { "chunk-size": true } }, true, "a whole number or a text"],
    [
      "distributed.scheduler.bandwidth",
      { "distributed.scheduler.bandwidth": 1e30 },
      1e30,
      "a number that needs no exponent: PyYAML reads others as texts",
    ],
  ])("%s has the type of the schema", (path, dask, value, expected) => {
    expect(issuesOf(definition({ dask }))).toEqual([
      expect.objectContaining({ path: `dask.${path}`, value, expected }),
    ]);
  });

  test.each<[string, DaskSettings, string]>([
    ["temporary-directory", { temporary_directory: "/tmp" }, "set spill.storage of the pool"],
    [
      "scheduler-address",
      { "scheduler-address": "tcp://a:1" },
      "set scheduler.privateAddress of the definition",
    ],
    [
      "distributed.comm.tls.ca-file",
      { distributed: { comm: { tls: { "ca-file": "a" } } } },
      "set tls of the definition",
    ],
    [
      "distributed.comm.require-encryption",
      { "distributed.comm.require_encryption": false },
      "set tls of the definition",
    ],
    [
      "distributed.worker.preload",
      { "distributed.worker.preload": ["a"] },
      "set preload of the definition, of the scheduler or of a pool",
    ],
    [
      "distributed.worker.memory.max-spill",
      { "distributed.worker.memory.max-spill": "1GiB" },
      "set spill.limit of the pool",
    ],
    [
      "distributed.worker.resources",
      { "distributed.worker.resources": { A: 1 } },
      "set resources of the pool",
    ],
    ["distributed.dashboard.link", { distributed: { dashboard: { link: "http://a" } } }, "remove the key"],
    [
      "distributed.scheduler.dashboard.bokeh-application.allow-websocket-origin",
      { "distributed.scheduler.dashboard.bokeh_application": { "allow-websocket-origin": ["*"] } },
      "open the dashboard under the address that the deployment prints",
    ],
    [
      "distributed.nanny.pre-spawn-environ.PATH",
      { "distributed.nanny.pre-spawn-environ": { PATH: "/bin", OMP_NUM_THREADS: 4 } },
      "add packages to the environment of the cluster",
    ],
  ])("%s is set by the cluster", (path, dask, hint) => {
    expect(issuesOf(definition({ dask }))).toEqual([
      expect.objectContaining({
        path: `dask.${path}`,
        expected: expect.stringMatching(/^nothing: the cluster sets it: /),
        hint,
      }),
    ]);
  });

  test("appears once, in one spelling", () => {
    const dask = {
      "distributed.worker.lifetime.restart": true,
      distributed: { worker: { lifetime: { restart: false } } },
    };
    expect(issuesOf(definition({ dask }))).toEqual([
      {
        path: "dask.distributed.worker.lifetime.restart",
        value: [true, false],
        expected: "each key once: - and _, and nested and dotted keys, are the same",
        hint: "remove one of them",
      },
    ]);
  });

  test("has a value that YAML can express", () => {
    expect(issuesOf(definition({ dask: { a: { b: Number.NaN } } }))).toEqual([
      {
        path: "dask.a",
        value: { b: Number.NaN },
        expected: "a text, a number, true, false, null, or a list or an object of these",
        hint: "give a value that YAML can express",
      },
    ]);
  });

  test("keeps the routes that the cluster asks whether the scheduler is ready", () => {
    const routes = (...names: string[]) => ({ dask: { "distributed.scheduler.http.routes": names } });
    const needed = ["distributed.http.health", "distributed.http.scheduler.json"];
    expect(issuesOf(definition(routes(...needed, "my_lib.routes")))).toEqual([]);
    expect(issuesOf(definition(routes("my_lib.routes")))).toEqual([
      expect.objectContaining({ path: "dask.distributed.scheduler.http.routes", value: ["my_lib.routes"] }),
    ]);
  });

  test("of the scheduler and of a pool is checked too", () => {
    const dask = { "distributed.worker.daemon": "no" };
    const pools = [{ name: "cpu", kind: "cpu", dask }];
    expect(issuesOf({ ...definition({}), scheduler: { dask }, pools }).map(({ path }) => path)).toEqual([
      "scheduler.dask.distributed.worker.daemon",
      "pools[0].dask.distributed.worker.daemon",
    ]);
  });

  test.each(["2026.7", "2024.7"] as const)(
    "that Dask does not know is a warning, in release %s",
    (release) => {
      const dask = {
        distributed: { worker: { memmory: { target: 0.5 } }, logging: { "distributed.core": "debug" } },
        "distributd.comm.shard": "1MiB",
        "my-lib": { cache: { size: 3 } },
        logging: { "distributed.core": "debug" },
        colour: "red",
      };
      const version = `${release}.1`;
      const end = `which Dask ${version} does not know. Hint: correct the spelling, or remove the key`;
      expect(unknownDaskKeys(defineCluster(definition({ dask }, release)))).toEqual([
        `dask.distributed.worker.memmory.target: got 0.5, ${end}`,
        `dask.distributd.comm.shard: got "1MiB", ${end}`,
        `dask.colour: got "red", ${end}`,
      ]);
    },
  );

  test("can be in one release only", () => {
    const dask = { "distributed.client.direct-to-workers": true };
    expect(unknownDaskKeys(defineCluster(definition({ dask }, "2026.7")))).toEqual([]);
    expect(unknownDaskKeys(defineCluster(definition({ dask }, "2024.7")))).toHaveLength(1);
  });
});

describe("an environment variable", () => {
  const issues = (name: string, value: unknown) =>
    issuesOf(definition({ environmentVariables: { [name]: value as EnvironmentValue } }));

  test.each([
    ["DASK_DISTRIBUTED__COMM__SHARD", "set the key in dask of the definition"],
    ["DASK_CONFIG", "set the key in dask of the definition"],
    ["OMP_NUM_THREADS", 'set dask: { "distributed.nanny.pre-spawn-environ": { OMP_NUM_THREADS: "…" } }'],
    ["CUDA_VISIBLE_DEVICES", "remove the variable"],
    ["PATH", "add packages to the environment of the cluster"],
    ["PYTHONPATH", "add packages to the environment of the cluster"],
    ["LD_PRELOAD", "add packages to the environment of the cluster"],
    ["TERM", "choose another name"],
    ["NOTIFY_SOCKET", "choose another name"],
    ["CDKTF_DASK_LOCAL", "choose another name"],
  ])("%s is set by Dask, systemd or the cluster", (name, hint) => {
    expect(issues(name, "a")).toEqual([
      {
        path: `environmentVariables.${name}`,
        value: "a",
        expected: expect.stringMatching(/^another variable: /),
        hint,
      },
    ]);
  });

  test("with credentials is a reference, and its value is not printed", () => {
    expect(issues("AWS_SECRET_ACCESS_KEY", { secretsManager: "a" })).toEqual([]);
    expect(issues("AWS_SECRET_ACCESS_KEY", "wJalr")).toEqual([
      {
        path: "environmentVariables.AWS_SECRET_ACCESS_KEY",
        value: "…",
        expected: "a reference to a secret: a text is visible to all who can read the bundle",
        hint: "use { secretsManager: 'name' }, or better grant the role of the pool the access",
      },
    ]);
  });

  test.each([
    ["a hyphen in the name", "A-B", "x", "environmentVariables.A-B"],
    ["a number", "A", 5, "environmentVariables.A"],
    ["a carriage return", "A", "a\rb", "environmentVariables.A"],
    ["a null character", "A", "a\0b", "environmentVariables.A"],
    ["half of a surrogate pair", "A", "\ud800", "environmentVariables.A"],
    ["100,001 bytes", "A", "x".repeat(100_001), "environmentVariables.A"],
    [
      "a wildcard in the name of a secret",
      "A",
      { secretsManager: "a*" },
      "environmentVariables.A.secretsManager",
    ],
    [
      "an ARN without its last six characters",
      "A",
      { secretsManager: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:a" },
      "environmentVariables.A.secretsManager",
    ],
    ["the alias of a key", "A", { secretsManager: "a", kmsKey: "alias/a" }, "environmentVariables.A.kmsKey"],
    ["an unknown property", "A", { secretsManager: "a", colour: "red" }, "environmentVariables.A.colour"],
  ])("is rejected with %s", (_, name, value, path) => {
    expect(issues(name, value).map((issue) => issue.path)).toEqual([path]);
  });

  test("may have every other text, and names of secrets and complete ARNs", () => {
    const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:prod/db-AbCdEf";
    const kmsKey = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    for (const value of [
      '"a" $B %c \\\n\tü 🙂',
      "",
      { secretsManager: arn, key: "k", kmsKey },
      { secretsManager: "prod/db" },
    ])
      expect(issues("A", value)).toEqual([]);
  });
});

test.each(["my lib", "/srv/a.py", "a..b", "https://a.b/c.py", ""])("rejects the preload '%s'", (module) => {
  expect(issuesOf(definition({ preload: ["my_lib.setup", module] }))).toEqual([
    {
      path: "preload[1]",
      value: module,
      expected: "the name of a Python module, such as my_lib.setup",
      hint: "name the module, not a file: packages of the environment contain it",
    },
  ]);
});
