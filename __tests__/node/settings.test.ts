import { parse } from "yaml";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition } from "../../lib/config/definition";
import { planNodes } from "../../lib/node/plan";
import { schedulerPreloads } from "../support/preloads";
import { fileOf, nodesOf, schedulerNode, unitOf, worker } from "./specs";

const PRELOADS = "/usr/local/lib/dask-node/python/cdktf_dask/preloads";
const RELOAD = `${PRELOADS}/reload_certificates.py`;
const EXTEND = `${PRELOADS}/extend_heartbeats.py`;

const define = (definition: Partial<ClusterDefinition>) =>
  defineCluster({
    name: "c",
    region: "eu-central-1",
    network: { adminSubnets: ["10.0.0.0/8"] },
    ...definition,
  });

const cluster = define({
  dask: { "distributed.worker.memory.target": 0.5, distributed: { comm: { timeouts: { connect: "60s" } } } },
  environmentVariables: {
    SHARED: "of the cluster",
    OTHER: "of the cluster",
    PASSWORD: { secretsManager: "prod/db", key: "password" },
  },
  preload: ["my_lib.setup"],
  scheduler: { preload: ["my_lib.scheduler"], environmentVariables: { OTHER: "of the scheduler" } },
  pools: [
    {
      name: "cpu",
      kind: "cpu",
      dask: {
        distributed: { worker: { memory: { target: false } } },
        "my-lib": { mode: "on", start: "1:30" },
      },
      environmentVariables: { SHARED: "of the pool", PASSWORD: "none" },
      preload: ["my_lib.cpu"],
    },
    { name: "gpu", kind: "gpu", preload: ["my_lib.gpu"] },
  ],
});

/** Lines of a unit that set variables. */
const variables = (unit: string) => unit.split("\n").filter((line) => line.startsWith("Environment"));

/** Modules that a unit's command preloads. */
const preloads = (unit: string) => [...unit.matchAll(/ --preload (\S+)/g)].map(([, module]) => module);

describe("Dask's configuration of the definition", () => {
  test("is a file that Dask reads after those of the cluster; the pool's keys win", () => {
    expect(fileOf(schedulerNode(cluster), "/etc/dask/user.yaml")).toBe(
      [
        '"distributed":',
        '  "worker":',
        '    "memory":',
        '      "target": 0.5',
        '  "comm":',
        '    "timeouts":',
      ]
        .concat('      "connect": "60s"', "")
        .join("\n"),
    );
    const node = worker(cluster, "cpu");
    expect(fileOf(node, "/etc/dask/user.yaml")).toBe(`"distributed":
  "worker":
    "memory":
      "target": false
  "comm":
    "timeouts":
      "connect": "60s"
"my-lib":
  "mode": "on"
  "start": "1:30"
`);
    const read = node.files.map(({ path }) => path).filter((path) => path.startsWith("/etc/dask/"));
    expect(
      read
        .filter((path) => path.endsWith("yaml"))
        .sort()
        .at(-1),
    ).toBe("/etc/dask/user.yaml");
  });

  test("keeps dots and underscores below keys with any names", () => {
    const { scheduler } = planNodes(
      define({
        dask: {
          logging: { "distributed.core": "debug" },
          distributed: { nanny: { "pre-spawn-environ": { MALLOC_ARENA_MAX: 2 } } },
        },
      }),
    );
    expect(parse(fileOf(scheduler, "/etc/dask/user.yaml"))).toEqual({
      logging: { "distributed.core": "debug" },
      distributed: { nanny: { "pre-spawn-environ": { MALLOC_ARENA_MAX: 2 } } },
    });
  });

  test("with a Terraform token is rejected", () => {
    expect(() => planNodes(define({ dask: { "my-lib": { bucket: "${TfToken[TOKEN.0]}" } } }))).toThrow(
      "/etc/dask/user.yaml: got the Terraform token 'TfToken[…'",
    );
  });
});

describe("environment variables of the definition", () => {
  test("are in the unit; those of scheduler and pool win", () => {
    const common = [
      "DASK_CONFIG=/etc/dask",
      "AWS_REGION=eu-central-1",
      "AWS_DEFAULT_REGION=eu-central-1",
    ].map((variable) => `Environment=${variable}`);
    expect(variables(unitOf(schedulerNode(cluster), "dask-scheduler"))).toEqual([
      ...common,
      "Environment=CDKTF_DASK_CLUSTER=c",
      'Environment="SHARED=of the cluster"',
      'Environment="OTHER=of the scheduler"',
      "EnvironmentFile=/run/dask/variables.env",
    ]);
    expect(variables(unitOf(worker(cluster, "cpu"), "dask-worker"))).toEqual([
      "EnvironmentFile=/run/dask/instance.env",
      ...common,
      'Environment="SHARED=of the pool"',
      'Environment="OTHER=of the cluster"',
      'Environment="PASSWORD=none"',
    ]);
  });

  test("have their exact values in the notation of systemd", () => {
    const text = define({ environmentVariables: { TEXT: "a \"b\" 'c' \\n $HOME ${HOME} 50%\n\tü" } });
    expect(variables(unitOf(schedulerNode(text), "dask-scheduler"))).toContain(
      'Environment="TEXT=a \\"b\\" \'c\' \\\\n $HOME ${HOME} 50%%\\n\\tü"',
    );
  });

  test("with a secret have a boot step that reads it before the service starts", () => {
    const { boot, files } = worker(cluster, "gpu");
    expect(boot).toEqual(["configuration", "certificates", "variables", "dask"]);
    const file = "/usr/local/lib/dask-node/variables.json";
    expect(JSON.parse(fileOf(worker(cluster, "gpu"), file))).toEqual({
      PASSWORD: { secret: "prod/db", key: "password" },
    });
    expect(files.map(({ path }) => path)).toContain(
      "/usr/local/lib/dask-node/python/cdktf_dask/node/variables.py",
    );
    const without = worker(cluster, "cpu");
    expect(without.boot).toEqual(["configuration", "certificates", "dask"]);
    expect(without.files.map(({ path }) => path)).not.toContain(file);
  });
});

test("preloads of the definition come after those of the cluster", () => {
  expect(preloads(unitOf(schedulerNode(cluster), "dask-scheduler"))).toEqual([
    RELOAD,
    ...schedulerPreloads(PRELOADS),
    "my_lib.scheduler",
  ]);
  expect(preloads(unitOf(worker(cluster, "cpu"), "dask-worker"))).toEqual([
    RELOAD,
    EXTEND,
    "my_lib.setup",
    "my_lib.cpu",
  ]);
  expect(preloads(unitOf(worker(cluster, "gpu"), "dask-cuda-worker"))).toEqual([
    RELOAD,
    EXTEND,
    "my_lib.setup",
    "my_lib.gpu",
  ]);
  const open = define({ tls: false, preload: ["my_lib.setup"] });
  expect(preloads(unitOf(worker(open, "cpu"), "dask-worker"))).toEqual([EXTEND, "my_lib.setup"]);
});

test("a definition without settings has no file and no step for them, and only the preloads of the cluster", () => {
  const [scheduler, ...workers] = nodesOf(define({})).map(({ files, boot }) => {
    expect(files.filter(({ path }) => /user\.yaml|variables\.json/.test(path))).toEqual([]);
    expect(boot).not.toContain("variables");
    return files.flatMap(({ content }) => preloads(content));
  });
  expect(scheduler).toEqual([RELOAD, ...schedulerPreloads(PRELOADS)]);
  for (const each of workers) expect(each).toEqual([RELOAD, EXTEND]);
});
