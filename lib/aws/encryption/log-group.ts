import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { EncryptionKey } from "./encryption-key";

/** Properties of a `LogGroup`. */
export interface LogGroupProps {
  /** Cluster whose definition says how long logs are kept. */
  readonly cluster: ResolvedCluster;
  /** Key of the cluster. */
  readonly key: EncryptionKey;
  /** Name of the group, one of `log-names.ts`, as the key's policy admits no other. */
  readonly name: string;
}

/** Logs, encrypted under the cluster's key and kept as long as its definition says. They go with the cluster. */
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
