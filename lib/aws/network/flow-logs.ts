import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName, truncateName } from "../../node/names";
import type { Account } from "../account/account";
import { MAX_ROLE_NAME_LENGTH } from "../account/names";
import { policy } from "../account/policy";
import type { EncryptionKey } from "../encryption/encryption-key";
import { LogGroup } from "../encryption/log-group";
import { flowLogGroup } from "../encryption/log-names";
import type { ClusterNetwork } from "./cluster-network";

/** Network of the flow logs, and where they are stored. */
export interface FlowLogsProps {
  /** Cluster of the log group. */
  readonly cluster: ResolvedCluster;
  /** Account of the cluster. */
  readonly account: Account;
  /** Key of the cluster. */
  readonly key: EncryptionKey;
  /** Network whose traffic is logged. */
  readonly network: ClusterNetwork;
}

/**
 * Flow logs of a VPC: all accepted and rejected traffic, in a log group of the cluster. Their role may write to this
 * group but not create groups, so that no new group appears after the cluster is destroyed.
 *
 * @example
 * import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
 *
 * const log = dask.flowLogs?.node.defaultChild;
 * if (log instanceof FlowLog) log.trafficType = "REJECT";
 */
export class FlowLogs extends Construct {
  constructor(scope: Construct, id: string, { cluster, account, key, network }: FlowLogsProps) {
    super(scope, id);
    const { group } = new LogGroup(this, "group", { cluster, key, name: flowLogGroup(cluster) });
    const name = truncateName(resourceName(cluster, "flow-logs", cluster.region), MAX_ROLE_NAME_LENGTH);
    const role = new IamRole(this, "role", {
      name,
      description: `flow logs of the Dask cluster ${cluster.name}`,
      ...(account.permissionsBoundary && { permissionsBoundary: account.permissionsBoundary }),
      assumeRolePolicy: policy({
        Principal: { Service: "vpc-flow-logs.amazonaws.com" },
        Action: "sts:AssumeRole",
        // Prevents the use of the role by flow logs of other accounts.
        Condition: {
          StringEquals: { "aws:SourceAccount": account.accountId },
          ArnLike: { "aws:SourceArn": account.arn("ec2", "vpc-flow-log/*") },
        },
      }),
      tags: { Name: name },
    });
    const writing = new IamRolePolicy(this, "write-flow-logs", {
      name: "write-flow-logs",
      role: role.name,
      policy: policy({
        Action: [
          "logs:CreateLogStream",
          "logs:DescribeLogGroups",
          "logs:DescribeLogStreams",
          "logs:PutLogEvents",
        ],
        Resource: [group.arn, `${group.arn}:*`],
      }),
    });
    new FlowLog(this, "Resource", {
      vpcId: network.vpcId,
      trafficType: "ALL",
      logDestinationType: "cloud-watch-logs",
      logDestination: group.arn,
      iamRoleArn: role.arn,
      tags: { Name: resourceName(cluster, "flow-logs") },
      dependsOn: [writing],
    });
  }
}
