import { parse } from "yaml";
import { clusterOf } from "./definitions";
import { rendered } from "./rendered";

const definition = {
  dask: { "array.chunk-size": "64MiB" },
  environmentVariables: {
    GREETING: "it's $HOME and ${PATH}",
    FLAG: "on",
    LINES: "a\nb",
    DB_PASSWORD: { secretsManager: "prod/db", key: "password" },
  },
  preload: ["my_lib.setup"],
  pools: [
    {
      name: "cpu",
      kind: "cpu" as const,
      environmentVariables: { FLAG: "off" },
      dask: { "distributed.worker.memory.target": 0.5 },
    },
  ],
};
const { text, service, compose } = rendered(clusterOf(definition));

test("gives services their variables unchanged: `docker compose` replaces $$ by $", () => {
  expect(service("scheduler").environment).toEqual({
    DASK_CONFIG: "/etc/dask/scheduler",
    CDKTF_DASK_CLUSTER: "research",
    GREETING: "it's $$HOME and $${PATH}",
    FLAG: "on",
    LINES: "a\nb",
    DB_PASSWORD: expect.any(String),
  });
  expect(service("cpu").environment).toMatchObject({ DASK_CONFIG: "/etc/dask/cpu", FLAG: "off" });
  // Parsers of YAML 1.1 read it as a boolean without quotes.
  expect(text("compose.yaml")).toContain('FLAG: "on"');
});

test("takes secrets from the shell, as the local stack does, and says so if one is missing", () => {
  expect(service("cpu").environment.DB_PASSWORD).toBe(
    "${CDKTF_DASK_SECRET_DB_PASSWORD:?got no value for the secret DB_PASSWORD: Compose does not ask AWS. " +
      "Hint: export CDKTF_DASK_SECRET_DB_PASSWORD=…}",
  );
  expect(text("compose.yaml")).not.toContain("prod/db");
});

test("gives services Dask's configuration of a node, with their own settings", () => {
  const settings = parse(text("image/config/cpu/user.yaml"));
  expect(settings).toEqual({
    array: { "chunk-size": "64MiB" },
    distributed: { worker: { memory: { target: 0.5 } } },
  });
  expect(parse(text("image/config/scheduler/user.yaml"))).toEqual({ array: { "chunk-size": "64MiB" } });
  const main = parse(text("image/config/cpu/dask.yaml"));
  expect(main["temporary-directory"]).toBe("/var/lib/dask/scratch");
  expect(main.distributed.scheduler["no-workers-timeout"]).toBeNull();
  // Half of the default disk of a node.
  expect(main.distributed.worker.memory["max-spill"]).toBe("50GiB");
  const tls = parse(text("image/config/cpu/tls.yaml")).distributed.comm;
  expect(tls).toMatchObject({
    "require-encryption": true,
    tls: { "ca-file": "/etc/dask/tls/node.pem", worker: { cert: "/etc/dask/tls/node.pem" } },
  });
});

test("passes preloads to workers", () => {
  expect(service("cpu").command[2]).toMatch(/ --preload \S+extend_heartbeats\.py --preload my_lib\.setup$/);
  expect(service("scheduler").command).not.toContain("my_lib.setup");
});

test("gives the smoke test a client's configuration, and what the definition promises", () => {
  const pem = "/etc/dask/tls/.dask/research/client/client.pem";
  expect(parse(text("image/config/smoke-test/dask.yaml"))).toEqual({
    "scheduler-address": "tls://scheduler:8786",
    distributed: {
      comm: { "require-encryption": true, tls: { "ca-file": pem, client: { cert: pem, key: pem } } },
    },
    array: { "chunk-size": "64MiB" },
  });
  expect(JSON.parse(rendered(clusterOf()).text("image/config/smoke-test/expectation"))).toEqual({
    cluster: "research",
    release: "2026.7",
    dask: "2026.7.1",
    pools: [
      { name: "cpu", kind: "cpu", resources: { CPU: 1 }, workers: 2 },
      // Its profile may not be started.
      { name: "gpu", kind: "gpu", resources: { GPU: 1 }, workers: 0 },
    ],
  });
  expect(service("smoke-test")).toMatchObject({
    profiles: ["test"],
    command: ["python", "-m", "cdktf_dask.smoke_test"],
    environment: { DASK_CONFIG: "/etc/dask/smoke-test" },
  });
});

test("has no secret but those of a build", () => {
  expect(compose.secrets).toEqual({
    certificates: { file: "${BUILD_CERTIFICATES:-/dev/null}" },
    netrc: { file: "${BUILD_NETRC:-/dev/null}" },
  });
});
