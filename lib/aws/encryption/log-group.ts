import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { EncryptionKey } from "./encryption-key";

/** Name, key and retention of a log group. */
export interface LogGroupProps {
  /** Cluster with the retention period, `logRetentionDays`. */
  readonly cluster: ResolvedCluster;
  /** Key of the cluster. */
  readonly key: EncryptionKey;
  /** Name of the group, one of `log-names.ts`: the policy of the key allows no other. */
  readonly name: string;
}

/**
 * Log group, encrypted by the cluster's key, with the retention period of the definition. It is deleted with the
 * cluster.
 *
 * @example
 * const { logs } = new DaskCluster(stack, "cluster", { cluster });
 * new TerraformOutput(stack, "log-group", { value: logs.group.name });
 */
export class LogGroup extends Construct {
  /** The group. */
  readonly group: CloudwatchLogGroup;

  constructor(scope: Construct, id: string, { cluster, key, name }: LogGroupProps) {
    super(scope, id);
    this.group = new CloudwatchLogGroup(this, "Resource", {
      name,
      kmsKeyId: key.arn,
      retentionInDays: cluster.logRetentionDays,
    });
  }
}
