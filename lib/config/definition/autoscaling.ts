/**
 * Autoscaling of all pools: docs/scaling.md. Durations are texts as Dask reads them, such as "12 hours" and "90s", or numbers of
 * seconds.
 */
export interface AutoscalingDefinition {
  /**
   * Maximum number of nodes with workers of all pools together.
   *
   * @default - the sum of maxSize of all pools
   */
  readonly maxNodes?: number;
  /**
   * Maximum cost of all instances in USD per hour, that of the scheduler included. Each instance counts with the on-demand price
   * of the most expensive type of its pool, so spot instances cost less than the limit allows. Every type needs a price.
   *
   * @default - no limit
   */
  readonly maxHourlyCost?: number;
  /**
   * How long nodes stay for results that clients reference, while no task runs. Then the results are lost. A warning is sent one
   * hour before. With `false`, nodes stay as long as a client references results on them.
   *
   * @default "12 hours"
   */
  readonly keepResults?: string | number | false;
  /**
   * How long no task may finish, while tasks wait or run and all workers use less than 5 % of their CPUs, until the cluster is
   * reported as hung. `false` turns the report off.
   *
   * @default "6 hours"
   */
  readonly hungAfter?: string | number | false;
  /**
   * What happens to a cluster that hangs: `report` sends a warning, `stop` also drains all pools to zero nodes until its tasks are
   * cancelled.
   *
   * @default "report"
   */
  readonly onHung?: "report" | "stop";
  /**
   * How long the autoscaler may be silent until an alarm of CloudWatch ends all instances of the pools, from 5 minutes to 1 day.
   * `false` turns it off. Only on AWS.
   *
   * @default "1 hour"
   */
  readonly deadManSwitch?: string | number | false;
}
