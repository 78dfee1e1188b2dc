/** Where workers write data that does not fit in memory. */
export interface SpillDefinition {
  /**
   * Disk that workers spill to.
   *
   * @default - the instance store if every instance type has one, otherwise EBS
   */
  readonly storage?: "instance-store" | "ebs";
  /**
   * Maximum that one worker process may spill: a size with its unit such as `40GiB`, or `false` for no limit.
   *
   * @default - false on the instance store; on EBS half of the disk divided by the node's worker processes
   */
  readonly limit?: string | false;
}
