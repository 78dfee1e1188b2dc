/** Chart of the page of Prometheus and of the Grafana dashboard. */
export interface Panel {
  readonly title: string;
  /** Unit of the values; `ratio` is shown in percent. */
  readonly unit: "number" | "bytes" | "ratio" | "seconds" | "bytes/s" | "dollars";
  readonly query: string;
  /** Label that names a line; absent for a single line. */
  readonly label?: string;
  /** Whether lines are parts of a sum. */
  readonly stacked?: boolean;
}

/** Charts that are shown together. */
export interface PanelRow {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const WORKER = "dask_cluster_worker";
const AUTOSCALER = "dask_autoscaler";

/** All charts. */
export const PANELS: readonly PanelRow[] = [
  {
    title: "Tasks and workers",
    panels: [
      {
        title: "Tasks by state",
        unit: "number",
        query: `sum by (state) (dask_scheduler_tasks{state!~"released|forgotten"})`,
        label: "state",
        stacked: true,
      },
      {
        title: "Workers by state",
        unit: "number",
        query: "sum by (state) (dask_scheduler_workers)",
        label: "state",
        stacked: true,
      },
      {
        title: "Tasks finished per second",
        unit: "number",
        query: `sum(rate(dask_scheduler_prefix_state_totals_total{state="memory"}[5m]))`,
      },
      {
        title: "Age of the oldest heartbeat, by pool",
        unit: "seconds",
        query: `max by (pool) (${WORKER}_heartbeat_age_seconds)`,
        label: "pool",
      },
    ],
  },
  {
    title: "Memory and disks",
    panels: [
      {
        title: "Memory by type",
        unit: "bytes",
        query: `sum by (type) (${WORKER}_memory_bytes)`,
        label: "type",
        stacked: true,
      },
      {
        title: "Fullest worker, by pool",
        unit: "ratio",
        query: "max by (pool) (dask:worker:memory_ratio)",
        label: "pool",
      },
      {
        title: "Data on disk, by pool",
        unit: "ratio",
        query: "max by (pool) (dask:pool:spill_ratio)",
        label: "pool",
      },
      {
        title: "Least free scratch space, by pool",
        unit: "bytes",
        query: `min by (pool) (${WORKER}_scratch_bytes{type="free"})`,
        label: "pool",
      },
    ],
  },
  {
    title: "CPU, network and scheduler",
    panels: [
      {
        title: "CPUs in use, by pool",
        unit: "number",
        query: `sum by (pool) (${WORKER}_cpu_ratio)`,
        label: "pool",
      },
      {
        title: "Network of all nodes, by direction",
        unit: "bytes/s",
        query: `sum by (direction) (rate(${WORKER}_node_network_bytes_total[5m]))`,
        label: "direction",
      },
      {
        title: "Longest block of the scheduler's event loop",
        unit: "seconds",
        query: "max(dask_scheduler_tick_duration_maximum_seconds)",
      },
      {
        title: "CPU of the scheduler",
        unit: "ratio",
        query: `max(rate(process_cpu_seconds_total{job="dask-scheduler"}[5m]))`,
      },
      {
        title: "Memory of the scheduler",
        unit: "bytes",
        query: `max(process_resident_memory_bytes{job="dask-scheduler"})`,
      },
    ],
  },
  {
    title: "Autoscaling",
    panels: [
      {
        title: "Tasks that count for a pool",
        unit: "number",
        query: `sum by (pool) (${AUTOSCALER}_demand_tasks)`,
        label: "pool",
      },
      {
        title: "Wanted nodes, by pool",
        unit: "number",
        query: `sum by (pool) (${AUTOSCALER}_wanted_nodes)`,
        label: "pool",
      },
      {
        title: "Nodes by state",
        unit: "number",
        query: `sum by (state) (${AUTOSCALER}_nodes)`,
        label: "state",
        stacked: true,
      },
      {
        title: "Cost per hour, by pool",
        unit: "dollars",
        query: `sum by (pool) (${AUTOSCALER}_hourly_cost_dollars)`,
        label: "pool",
        stacked: true,
      },
    ],
  },
  {
    title: "GPUs",
    panels: [
      {
        title: "GPU utilization, by pool",
        unit: "ratio",
        query: `avg by (pool) (${WORKER}_gpu_utilization_ratio)`,
        label: "pool",
      },
      {
        title: "GPU memory in use, by pool",
        unit: "ratio",
        query: `sum by (pool) (${WORKER}_gpu_memory_used_bytes) / sum by (pool) (${WORKER}_gpu_memory_total_bytes)`,
        label: "pool",
      },
    ],
  },
];
