/** Preloads of the project that each scheduler has, in the order of its command line; with TLS, one for certificates precedes them. */
const SCHEDULER = [
  "export_heartbeats",
  "drain_workers",
  "count_demand",
  "balance_pools",
  "serve_autoscaling",
];

/** Paths of the preloads that each scheduler has. */
export const schedulerPreloads = (directory: string): readonly string[] =>
  SCHEDULER.map((name) => `${directory}/${name}.py`);

/** Arguments of a command line that load them. */
export const schedulerPreloadFlags = (directory: string): readonly string[] =>
  schedulerPreloads(directory).flatMap((path) => ["--preload", path]);
