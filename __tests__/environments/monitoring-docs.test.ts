import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parse } from "yaml";
import { MISSING_MINUTES } from "../../lib/aws/monitoring/in-service-alarm";
import { LAUNCH_SECONDS } from "../../lib/aws/nodes/launch-hook";
import { defineCluster } from "../../lib/config/define";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { table, WrittenTable } from "./written-table";

interface Rule {
  readonly alert?: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

test("docs/monitoring.md has the alerts of the rules: npm run docs:tables writes them", () => {
  const rules = ["dask.rules.yml", "autoscaler.rules.yml"].flatMap(
    (name): readonly Rule[] => parse(packageFile(`cloud-init/monitoring/${name}`)).groups[0].rules,
  );
  const rows = rules.flatMap(({ alert, labels, annotations, for: after = "at once" }) =>
    alert === undefined
      ? []
      : [
          [
            `\`${alert.replace(/^Dask/, "")}\``,
            labels.severity,
            after,
            annotations.summary.replaceAll(/\{\{.*?\}\}/g, "…"),
          ],
        ],
  );
  const text = table(["alert", "severity", "after", "text"], rows);
  const written = new WrittenTable("monitoring.md", "alerts");
  if (process.env.TABLES === "write") written.write(text);
  expect(written.text).toBe(text);
  expect(rows).toHaveLength(25);
});

test("docs/metrics.md has the metrics that the autoscaler serves: npm run docs:tables writes them", () => {
  const program = "from cdktf_dask.autoscaler.metrics import Metrics; print(Metrics().page())";
  const page = execFileSync("python3", ["-B", "-c", program], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: join(packageRoot(), "python/src") },
  });
  const found = [...page.matchAll(/^# HELP (\w+) (.*)\.\n# TYPE \w+ (\w+)$/gm)];
  const rows = found.map(([, name, meaning = "", type = ""]) => [`\`${name}\``, type, meaning]);
  const text = table(["metric", "type", "meaning"], rows);
  const written = new WrittenTable("metrics.md", "autoscaler-metrics");
  if (process.env.TABLES === "write") written.write(text);
  expect(written.text).toBe(text);
  expect(rows).toHaveLength(23);
});

test("docs/monitoring.md says after how many minutes a pool is short of instances", () => {
  expect(packageFile("docs/monitoring.md")).toContain(
    `fewer instances in service than desired for ${MISSING_MINUTES} minutes`,
  );
  expect(MISSING_MINUTES * 60).toBe(LAUNCH_SECONDS + 300);
});

test("the definition in docs/monitoring.md is valid", () => {
  const [, code = ""] =
    /```ts\n(defineCluster.*?\n\}\));?\n```/s.exec(packageFile("docs/monitoring.md")) ?? [];
  const cluster = new Function("defineCluster", `return ${code}`)(defineCluster) as ReturnType<
    typeof defineCluster
  >;
  expect(cluster.monitoring).toEqual({
    requested: true,
    retentionDays: 30,
    retentionGiB: 8,
    alerts: [
      { protocol: "email", endpoint: "team@example.com" },
      { protocol: "sqs", endpoint: "arn:aws:sqs:us-west-2:123456789012:alerts" },
    ],
    remoteWrite: { workspaceId: "ws-01234567-89ab-cdef-0123-456789abcdef", region: "us-west-2" },
  });
});
