import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import { PANELS, type Panel } from "../../lib/node/monitoring/panels";

/** Grafana's names of the units (grafana-data, valueFormats/categories). */
const UNITS: Readonly<Record<Panel["unit"], string>> = {
  number: "short",
  bytes: "bytes",
  ratio: "percentunit",
  seconds: "s",
  "bytes/s": "Bps",
  dollars: "currencyUSD",
};

/** Condition of every series: the cluster that is chosen at the top of the dashboard. */
const CHOSEN = 'cluster=~"$cluster"';

/**
 * Returns the dashboard for Grafana as JSON: the charts of the page of Prometheus, with a choice of data source and cluster,
 * because one Prometheus, such as a workspace, may have the metrics of several clusters.
 */
export function grafanaDashboard(): string {
  const builder = new dashboard.DashboardBuilder("Dask")
    .uid("dask")
    .tags(["dask"])
    .refresh("15s")
    .time({ from: "now-1h", to: "now" })
    .withVariable(new dashboard.DatasourceVariableBuilder("source").label("Source").type("prometheus"))
    .withVariable(
      new dashboard.QueryVariableBuilder("cluster")
        .label("Cluster")
        .datasource({ type: "prometheus", uid: "$source" })
        .query("label_values(dask_scheduler_workers, cluster)")
        .multi(true)
        .includeAll(true)
        .refresh(dashboard.VariableRefresh.OnTimeRangeChanged),
    );
  for (const { title, panels } of PANELS) {
    builder.withRow(new dashboard.RowBuilder(title));
    for (const panel of panels) builder.withPanel(chart(panel));
  }
  return `${JSON.stringify(builder.build(), null, 2)}\n`;
}

/** Returns a query that is limited to the chosen clusters. */
export function chosen(query: string): string {
  return query.replaceAll(
    /\b((?:dask|process)[_:][a-z_:]+)(?:\{([^}]*)\})?/g,
    (_, metric: string, labels?: string) => `${metric}{${labels ? `${labels}, ` : ""}${CHOSEN}}`,
  );
}

function chart({ title, unit, query, label, stacked }: Panel) {
  const panel = new timeseries.PanelBuilder()
    .title(title)
    .datasource({ type: "prometheus", uid: "$source" })
    .unit(UNITS[unit])
    .min(0)
    .withTarget(
      new prometheus.DataqueryBuilder()
        .expr(chosen(query))
        .legendFormat(label === undefined ? title : `{{${label}}}`),
    );
  return stacked
    ? panel.fillOpacity(60).stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal))
    : panel.fillOpacity(10);
}
