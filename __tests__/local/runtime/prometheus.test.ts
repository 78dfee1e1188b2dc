import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { defineCluster } from "../../../lib/config/define";
import type { MonitoringDefinition } from "../../../lib/config/definition";
import { findPrometheus, prometheusProgram } from "../../../lib/local/runtime/prometheus";
import { packageFile } from "../../../lib/node/package-file";
import { PATHS, PORTS } from "../definitions";

const ROOT = "/project/.dask/test";

function program(monitoring?: boolean | MonitoringDefinition, autoscaling = false) {
  const cluster = defineCluster({
    name: "test",
    network: { adminSubnets: ["127.0.0.0/8"] },
    autoscaling,
    ...(monitoring !== undefined && { monitoring }),
  });
  return prometheusProgram(cluster, "/opt/prometheus", PATHS, PORTS);
}

describe("Prometheus of a local cluster", () => {
  test("is absent unless the definition asks for it", () => {
    expect(program()).toBeUndefined();
    expect(program(false)).toBeUndefined();
    expect(program({})).toBeDefined();
  });

  test("listens on the loopback interface, at the port after those of the cluster, and keeps its history", () => {
    expect(program(true)).toMatchObject({ name: "prometheus", environment: {} });
    expect(program(true)?.argv).toEqual([
      "/opt/prometheus",
      `--config.file=${ROOT}/config/prometheus/prometheus.yml`,
      `--storage.tsdb.path=${ROOT}/prometheus`,
      "--storage.tsdb.retention.time=15d",
      "--storage.tsdb.retention.size=4GB",
      "--web.listen-address=127.0.0.1:18788",
      "--web.external-url=http://127.0.0.1:18788/prometheus/",
      "--web.route-prefix=/prometheus/",
      `--web.console.templates=${ROOT}/config/prometheus/consoles`,
      `--web.console.libraries=${ROOT}/config/prometheus/consoles`,
    ]);
  });

  test("has the rules and the page of nodes, and the scheduler as its target, without Alertmanager", () => {
    const config = program(true)?.config ?? {};
    expect(Object.keys(config)).toEqual(["prometheus.yml", "dask.rules.yml", "consoles/dask.html"]);
    expect(config["dask.rules.yml"]).toBe(packageFile("cloud-init/monitoring/dask.rules.yml"));
    expect(parse(config["prometheus.yml"] ?? "")).toEqual({
      global: {
        scrape_interval: "5s",
        scrape_timeout: "5s",
        evaluation_interval: "5s",
        external_labels: { cluster: "test" },
      },
      rule_files: ["dask.rules.yml"],
      scrape_configs: [
        {
          job_name: "dask-scheduler",
          static_configs: [
            { targets: ["127.0.0.1:18787"], labels: { cluster: "test", instance: "scheduler" } },
          ],
        },
      ],
    });
  });
});

test("Prometheus of a local cluster with an autoscaler has it as a target, and its rules", () => {
  const config = program(true, true)?.config ?? {};
  expect(config["autoscaler.rules.yml"]).toBe(packageFile("cloud-init/monitoring/autoscaler.rules.yml"));
  const { rule_files, scrape_configs } = parse(config["prometheus.yml"] ?? "");
  expect(rule_files).toEqual(["dask.rules.yml", "autoscaler.rules.yml"]);
  expect(scrape_configs[1]).toEqual({
    job_name: "dask-autoscaler",
    static_configs: [{ targets: ["127.0.0.1:18789"], labels: { cluster: "test", instance: "autoscaler" } }],
  });
});

describe("the program prometheus", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "prometheus-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("is the first executable one on the PATH", () => {
    for (const name of ["one", "two", "three"]) mkdirSync(join(folder, name));
    const at = (name: string) => join(folder, name, "prometheus");
    writeFileSync(at("two"), "");
    chmodSync(at("two"), 0o644);
    writeFileSync(at("three"), "");
    chmodSync(at("three"), 0o755);
    const PATH = ["one", "two", "three"].map((name) => join(folder, name)).join(":");
    // Root may execute a file only if somebody may.
    expect(findPrometheus({ PATH })).toBe(at("three"));
  });

  test("is not found without a PATH, or where it is not", () => {
    expect(findPrometheus({})).toBeUndefined();
    expect(findPrometheus({ PATH: `:${folder}` })).toBeUndefined();
  });
});
