import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PANELS } from "../../lib/node/monitoring/panels";
import { packageRoot } from "../../lib/node/package-file";
import { chosen, grafanaDashboard } from "./grafana";

const PATH = join(packageRoot(), "docs", "grafana.json");

test("docs/grafana.json is the dashboard of the charts; npm run docs:grafana writes it", () => {
  if (process.env.GRAFANA === "write") writeFileSync(PATH, grafanaDashboard());
  expect(readFileSync(PATH, "utf8")).toBe(grafanaDashboard());
});

test("it has all charts, below their rows", () => {
  const { panels } = JSON.parse(grafanaDashboard()) as { panels: readonly { type: string; title: string }[] };
  expect(panels.map(({ type, title }) => [type, title])).toEqual(
    PANELS.flatMap((row) => [["row", row.title], ...row.panels.map(({ title }) => ["timeseries", title])]),
  );
});

test.each([
  ["sum by (state) (dask_scheduler_workers)", 'sum by (state) (dask_scheduler_workers{cluster=~"$cluster"})'],
  ["max by (pool) (dask:pool:spill_ratio)", 'max by (pool) (dask:pool:spill_ratio{cluster=~"$cluster"})'],
  [
    'max(rate(process_cpu_seconds_total{job="dask-scheduler"}[5m]))',
    'max(rate(process_cpu_seconds_total{job="dask-scheduler", cluster=~"$cluster"}[5m]))',
  ],
  [
    "sum(dask_a_bytes) / sum(dask_b_bytes)",
    'sum(dask_a_bytes{cluster=~"$cluster"}) / sum(dask_b_bytes{cluster=~"$cluster"})',
  ],
])("limits %s to the chosen clusters", (query, limited) => {
  expect(chosen(query)).toBe(limited);
});
