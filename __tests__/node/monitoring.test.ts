import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parse } from "yaml";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { defineCluster } from "../../lib/config/define";
import type { MonitoringDefinition } from "../../lib/config/definition";
import { PORTS } from "../../lib/config/ports";
import { PANELS } from "../../lib/node/monitoring/panels";
import type { NodePlan } from "../../lib/node/node-plan";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { findPrometheus } from "../support/prometheus";
import { fileOf, largest2026, schedulerNode, unitOf, variety, worker } from "./specs";
import { testWith } from "./test-with";

const WORKSPACE = "ws-01234567-89ab-cdef-0123-456789abcdef";
const network = { adminSubnets: ["10.0.0.0/8"] };
const monitored = (monitoring: boolean | MonitoringDefinition, region = "eu-central-1") =>
  schedulerNode(
    defineCluster({
      name: "c",
      region,
      network: { ...network, zones: [`${region}a`, `${region}b`] },
      monitoring,
    }),
  );
const paths = ({ files }: NodePlan) => files.map(({ path }) => path);
const prometheus = (node: NodePlan) => parse(fileOf(node, "/etc/dask-monitoring/prometheus.yml"));
const alertmanager = (node: NodePlan) => parse(fileOf(node, "/etc/dask-monitoring/alertmanager.yml"));
const lines = (text: string, key: string) =>
  text.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? line.slice(key.length + 1) : []));

const scheduler = schedulerNode(production);
const { autoscaling, ...withoutAutoscaling } = production;
const fixed = schedulerNode(withoutAutoscaling);
const MONITORING_FILES = [
  "/etc/dask-monitoring/prometheus.yml",
  "/etc/dask-monitoring/alertmanager.yml",
  "/etc/dask-monitoring/dask.rules.yml",
  "/etc/dask-monitoring/consoles/dask.html",
  "/etc/systemd/system/dask-prometheus.service",
  "/etc/systemd/system/dask-alertmanager.service",
];

describe("a scheduler's node", () => {
  test("has Prometheus and Alertmanager by default, with the proxy's configuration", () => {
    expect(paths(scheduler)).toEqual(
      expect.arrayContaining([...MONITORING_FILES, "/etc/dask/nginx.d/prometheus.conf"]),
    );
    expect(fileOf(scheduler, "/etc/dask-monitoring/dask.rules.yml")).toBe(
      packageFile("cloud-init/monitoring/dask.rules.yml"),
    );
  });

  test("has the rules of the autoscaler, if it has one", () => {
    const rules = "/etc/dask-monitoring/autoscaler.rules.yml";
    expect(fileOf(scheduler, rules)).toBe(packageFile("cloud-init/monitoring/autoscaler.rules.yml"));
    expect(paths(fixed)).toEqual(expect.arrayContaining(MONITORING_FILES));
    expect(paths(fixed)).not.toContain(rules);
  });

  test("has nothing of it with monitoring false, and the node of a worker never has", () => {
    for (const node of [monitored(false), worker(production, "cpu")]) {
      expect(paths(node).filter((path) => /prometheus|alertmanager|dask-monitoring/.test(path))).toEqual([]);
      expect(node.boot).not.toContain("monitoring");
      expect(node.packages.filter((name) => name.startsWith("prometheus"))).toEqual([]);
    }
  });

  test("has no configuration of the proxy without TLS", () => {
    expect(paths(schedulerNode(largest2026))).toEqual(expect.arrayContaining(MONITORING_FILES));
    expect(paths(schedulerNode(largest2026))).not.toContain("/etc/dask/nginx.d/prometheus.conf");
  });
});

describe("prometheus.yml", () => {
  test("has the scheduler's HTTP server and the autoscaler as targets, and sends alerts to Alertmanager of the node", () => {
    expect(autoscaling).toBeDefined();
    expect(prometheus(scheduler)).toEqual({
      global: {
        scrape_interval: "15s",
        scrape_timeout: "10s",
        evaluation_interval: "15s",
        external_labels: { cluster: "production" },
      },
      rule_files: ["dask.rules.yml", "autoscaler.rules.yml"],
      alerting: { alertmanagers: [{ static_configs: [{ targets: ["127.0.0.1:9093"] }] }] },
      scrape_configs: [
        {
          job_name: "dask-scheduler",
          static_configs: [
            { targets: ["127.0.0.1:8788"], labels: { cluster: "production", instance: "scheduler" } },
          ],
        },
        {
          job_name: "dask-autoscaler",
          static_configs: [
            { targets: ["127.0.0.1:8791"], labels: { cluster: "production", instance: "autoscaler" } },
          ],
        },
      ],
    });
    expect([PORTS.schedulerHttp.from, PORTS.prometheus.from, PORTS.alertmanager.from]).toEqual([
      8788, 9090, 9093,
    ]);
  });

  test("has one target without autoscaling", () => {
    const { scrape_configs, ...others } = prometheus(scheduler);
    expect(prometheus(fixed)).toEqual({
      ...others,
      rule_files: ["dask.rules.yml"],
      scrape_configs: [scrape_configs[0]],
    });
  });

  test("has the scheduler's other port without TLS", () => {
    expect(prometheus(schedulerNode(largest2026)).scrape_configs[0].static_configs[0].targets).toEqual([
      "127.0.0.1:8787",
    ]);
  });

  test.each([
    [
      { workspaceId: WORKSPACE },
      {
        url: `https://aps-workspaces.eu-central-1.amazonaws.com/workspaces/${WORKSPACE}/api/v1/remote_write`,
        sigv4: { region: "eu-central-1" },
      },
    ],
    [{ url: "https://metrics.example/write" }, { url: "https://metrics.example/write" }],
  ])("also writes to %j", (remoteWrite, receiver) => {
    expect(prometheus(monitored({ remoteWrite })).remote_write).toEqual([receiver]);
  });
});

describe("alertmanager.yml", () => {
  const { route, receivers, inhibit_rules } = alertmanager(scheduler);

  test("sends alerts of the severities critical and warning to the topic, others to nobody", () => {
    expect(route.receiver).toBe("nobody");
    expect(route.routes).toEqual([{ receiver: "topic", matchers: ['severity=~"critical|warning"'] }]);
    expect(receivers[0]).toEqual({ name: "nobody" });
    expect(receivers[1].name).toBe("topic");
    expect(receivers[1].sns_configs).toEqual([
      {
        topic_arn: "arn:aws:sns:eu-central-1:ACCOUNT:dask-production--alerts",
        sigv4: { region: "eu-central-1" },
        subject:
          "{{ .Status | toUpper }}: {{ .CommonLabels.alertname }} of Dask cluster {{ .CommonLabels.cluster }}",
        message: expect.stringContaining("{{ .Annotations.action }}"),
        send_resolved: true,
      },
    ]);
  });

  test("names the topic in the partition of the region", () => {
    expect(alertmanager(monitored(true, "us-gov-west-1")).receivers[1].sns_configs[0].topic_arn).toBe(
      "arn:aws-us-gov:sns:us-gov-west-1:ACCOUNT:dask-c--alerts",
    );
  });

  test("sends only that the scheduler is down, not what follows from it", () => {
    expect(inhibit_rules).toEqual([
      {
        source_matchers: ['alertname="DaskSchedulerDown"'],
        target_matchers: ['alertname!="DaskSchedulerDown"'],
        equal: ["cluster"],
      },
    ]);
  });
});

describe("dask-prometheus.service", () => {
  test("listens on the loopback interface, keeps what the definition says, and knows its URL", () => {
    expect(lines(unitOf(scheduler, "dask-prometheus"), "ExecStart")).toEqual([
      "/usr/bin/prometheus --config.file=/etc/dask-monitoring/prometheus.yml " +
        "--storage.tsdb.path=/var/lib/dask-prometheus --storage.tsdb.retention.time=15d " +
        "--storage.tsdb.retention.size=4GB --web.listen-address=127.0.0.1:9090 " +
        "--web.external-url=https://scheduler.production.internal:8787/prometheus/ " +
        "--web.route-prefix=/prometheus/ --web.console.templates=/etc/dask-monitoring/consoles " +
        "--web.console.libraries=/etc/dask-monitoring/consoles",
    ]);
    const [other] = lines(
      unitOf(monitored({ retentionDays: 30, retentionGiB: 12 }), "dask-prometheus"),
      "ExecStart",
    );
    expect(other).toContain(" --storage.tsdb.retention.time=30d --storage.tsdb.retention.size=12GB ");
    const [isolated] = lines(unitOf(schedulerNode(largest2026), "dask-prometheus"), "ExecStart");
    expect(isolated).toContain(" --web.external-url=http://localhost:9090/prometheus/ ");
  });

  test("needs some space on its disk, without which it would end without a reason", () => {
    expect(unitOf(scheduler, "dask-prometheus")).toContain(
      `ExecStartPre=/usr/bin/sh -c 'test "$$(df --output=avail --block-size=1M "$$STATE_DIRECTORY" | tail -n 1)" -ge 8 || `,
    );
  });

  test("starts after the scheduler, which a failure at a later boot does not stop", () => {
    expect(scheduler.boot.slice(-2)).toEqual(["dask", "monitoring"]);
  });

  test("reaches this node only, unless it writes elsewhere", () => {
    const network = (node: NodePlan) => [
      lines(unitOf(node, "dask-prometheus"), "IPAddressAllow"),
      lines(unitOf(node, "dask-prometheus"), "IPAddressDeny"),
    ];
    expect(network(scheduler)).toEqual([["localhost"], ["any"]]);
    expect(network(monitored({ remoteWrite: { url: "https://metrics.example/write" } }))).toEqual([[], []]);
  });

  test.each([
    ["dask-prometheus", "512M"],
    ["dask-alertmanager", "128M"],
  ])("%s has no user, little memory, and ends before the scheduler when memory is short", (name, memory) => {
    const unit = unitOf(scheduler, name);
    expect(lines(unit, "DynamicUser")).toEqual(["yes"]);
    expect(lines(unit, "StateDirectory")).toEqual([name]);
    expect(lines(unit, "MemoryMax")).toEqual([memory]);
    expect(lines(unit, "OOMScoreAdjust")).toEqual(["500"]);
    expect(lines(unit, "Restart")).toEqual(["always"]);
  });
});

test("Alertmanager listens on the loopback interface only", () => {
  expect(unitOf(scheduler, "dask-alertmanager")).toContain(
    "ExecStart=/usr/bin/prometheus-alertmanager --config.file=/etc/dask-monitoring/alertmanager.yml \\\n" +
      "  --storage.path=/var/lib/dask-alertmanager --web.listen-address=127.0.0.1:9093 --cluster.listen-address=\n",
  );
});

test("the proxy forwards GET requests below /prometheus/, and opens the page of charts", () => {
  const text = fileOf(scheduler, "/etc/dask/nginx.d/prometheus.conf");
  expect(text).toContain("location /prometheus/ {\n  limit_except GET {\n    deny all;\n  }\n");
  expect(text).toContain("  proxy_pass http://127.0.0.1:9090;\n");
  expect(text).toContain("location = /prometheus/ {\n  return 302 /prometheus/consoles/dask.html;\n}\n");
  expect(fileOf(scheduler, "/etc/dask/nginx.conf")).toContain("\n    include /etc/dask/nginx.d/*.conf;\n");
});

test("the page has the charts and the name of the cluster, and no template that Prometheus would expand", () => {
  const page = fileOf(scheduler, "/etc/dask-monitoring/consoles/dask.html");
  expect(page).toContain("<h1>production</h1>");
  expect(JSON.parse(/<pre id="rows" hidden>(.*)<\/pre>/.exec(page)?.[1] ?? "")).toEqual(PANELS);
  expect(page).not.toContain("{{");
  expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
});

const programs = findPrometheus();
const testWithPrometheus = testWith("prometheus", programs !== undefined);

describe("Prometheus' own checkers", () => {
  const folder = () => {
    mkdirSync(join(packageRoot(), ".test"), { recursive: true });
    return mkdtempSync(join(packageRoot(), ".test", "monitoring-"));
  };
  const check = (node: NodePlan, program: "promtool" | "amtool", ...argv: string[]) => {
    const cwd = folder();
    try {
      for (const { path, content } of node.files.filter(
        ({ path }) => dirname(path) === "/etc/dask-monitoring",
      ))
        writeFileSync(join(cwd, basename(path)), content);
      const { status, stdout, stderr } = spawnSync(programs?.[program] ?? "", argv, {
        cwd,
        encoding: "utf8",
      });
      return { code: status, said: stdout, complaints: stderr };
    } finally {
      rmSync(cwd, { recursive: true });
    }
  };

  const nodes: readonly (readonly [string, NodePlan])[] = [
    ["production", scheduler],
    ["production without autoscaling", fixed],
    ["development", schedulerNode(development)],
    ["another address", schedulerNode(variety)],
    ["a workspace", monitored({ remoteWrite: { workspaceId: WORKSPACE } })],
    ["a URL", monitored({ remoteWrite: { url: "https://metrics.example/write" } })],
  ];
  for (const [name, node] of nodes)
    testWithPrometheus(`accept the configuration of ${name}`, () => {
      expect(check(node, "promtool", "check", "config", "prometheus.yml")).toEqual({
        code: 0,
        said: expect.stringMatching(/is valid prometheus config file syntax[\s\S]*23 rules found/),
        complaints: "",
      });
      expect(check(node, "amtool", "check-config", "alertmanager.yml")).toEqual({
        code: 0,
        said: expect.stringContaining("- 2 receivers"),
        complaints: "",
      });
    });

  testWithPrometheus("route a warning to the topic, and an information to nobody", () => {
    const routed = (...labels: string[]) =>
      check(scheduler, "amtool", "config", "routes", "test", "--config.file=alertmanager.yml", ...labels)
        .said;
    expect(routed("severity=warning", "alertname=DaskWorkersLost")).toBe("topic\n");
    expect(routed("severity=critical", "alertname=DaskSchedulerDown")).toBe("topic\n");
    expect(routed("severity=info", "alertname=DaskTasksFail")).toBe("nobody\n");
  });
});
