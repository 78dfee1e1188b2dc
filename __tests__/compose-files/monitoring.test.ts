import { parse } from "yaml";
import { packageFile } from "../../lib/node/package-file";
import { clusterOf } from "./definitions";
import { rendered } from "./rendered";

const { text, service } = rendered(clusterOf());

test("runs Prometheus in the profile monitoring, with the command line of a node", () => {
  expect(service("prometheus")).toMatchObject({
    image: "cdktf-dask/research-prometheus",
    build: {
      context: "image",
      dockerfile: "Dockerfile.prometheus",
      args: { BASE: "${PROMETHEUS_BASE:-prom/prometheus:v2.53.3}" },
    },
    profiles: ["monitoring"],
    entrypoint: ["/bin/prometheus"],
    command: [
      "--config.file=/etc/dask-monitoring/prometheus.yml",
      "--storage.tsdb.path=/prometheus",
      "--storage.tsdb.retention.time=15d",
      "--storage.tsdb.retention.size=4GB",
      "--web.listen-address=0.0.0.0:9090",
      "--web.external-url=http://127.0.0.1:8788/prometheus/",
      "--web.route-prefix=/prometheus/",
      "--web.console.templates=/etc/dask-monitoring/consoles",
      "--web.console.libraries=/etc/dask-monitoring/consoles",
    ],
    volumes: [{ type: "volume", source: "prometheus", target: "/prometheus" }],
  });
});

test("copies the configuration, with the scheduler as its only target, the alert rules and the page", () => {
  expect(parse(text("image/monitoring/prometheus.yml"))).toMatchObject({
    rule_files: ["dask.rules.yml"],
    scrape_configs: [
      {
        job_name: "dask-scheduler",
        static_configs: [
          { targets: ["scheduler:8787"], labels: { cluster: "research", instance: "scheduler" } },
        ],
      },
    ],
  });
  expect(parse(text("image/monitoring/prometheus.yml")).alerting).toBeUndefined();
  expect(text("image/monitoring/dask.rules.yml")).toBe(packageFile("cloud-init/monitoring/dask.rules.yml"));
  expect(text("image/monitoring/consoles/dask.html")).toContain("research");
  const lines = text("image/Dockerfile.prometheus").split("\n");
  expect(lines.filter((line) => /^(ARG|FROM|COPY|USER) /.test(line))).toEqual([
    "ARG BASE=prom/prometheus:v2.53.3",
    "FROM ${BASE}",
    "USER 0:0",
    "COPY --chmod=755 monitoring /etc/dask-monitoring",
    "USER 10001:10001",
  ]);
});

test("has no Prometheus if the definition does not want it", () => {
  const without = rendered(clusterOf({ monitoring: false }));
  expect(Object.keys(without.services)).not.toContain("prometheus");
  expect(without.compose.volumes).toEqual({ tls: {} });
  expect([...without.files.keys()].filter((path) => /prometheus|monitoring/.test(path))).toEqual([]);
});
