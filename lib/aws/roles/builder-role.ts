import type { Construct } from "constructs";
import type { Cluster } from "../../cluster/cluster";
import { resourceName } from "../../node/names";
import type { Account } from "../account/account";
import type { ClusterKey } from "../encryption/cluster-key";
import { buildLogGroup } from "../encryption/log-names";
import { MachineRole } from "./machine-role";

/** Properties of a `BuilderRole`. */
export interface BuilderRoleProps {
  /** Cluster whose images are built. */
  readonly cluster: Cluster;
  /** Account of the cluster. */
  readonly account: Account;
  /** Key under which the components are encrypted. */
  readonly key: ClusterKey;
}

/**
 * What the machines on which images are built may do in AWS. It is what EC2 Image Builder asks of them (managed policies
 * EC2InstanceProfileForImageBuilder and AmazonSSMManagedInstanceCore), without what it asks for containers, disk
 * imports, the marketplace, inventories and patches, and for this cluster's components and logs alone.
 */
export class BuilderRole extends MachineRole {
  constructor(scope: Construct, id: string, { cluster, account, key }: BuilderRoleProps) {
    super(scope, id, {
      cluster,
      account,
      kind: "builder",
      description: `machines that build images of the Dask cluster ${cluster.name}`,
    });
    this.allow("run-command", {
      Action: [
        "ec2messages:AcknowledgeMessage",
        "ec2messages:DeleteMessage",
        "ec2messages:FailMessage",
        "ec2messages:GetEndpoint",
        "ec2messages:GetMessages",
        "ec2messages:SendReply",
      ],
      // None of these takes a resource (Service Authorization Reference): each acts on the machine that calls.
      Resource: "*",
    });
    this.allow("read-components", {
      Action: "imagebuilder:GetComponent",
      Resource: account.arn("imagebuilder", `component/${resourceName(cluster, "*")}`),
    });
    this.allow("decrypt-components", {
      Action: "kms:Decrypt",
      Resource: key.arn,
      Condition: {
        "ForAnyValue:StringEquals": {
          "kms:EncryptionContextKeys": ["aws:imagebuilder:arn"],
          "aws:CalledVia": ["imagebuilder.amazonaws.com"],
        },
      },
    });
    this.allow("fetch-task-runner", {
      Action: "s3:GetObject",
      // Buckets of Image Builder's own, from which its task runner comes.
      Resource: `arn:${account.partition}:s3:::ec2imagebuilder*`,
    });
    this.allow("write-logs", {
      Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: account.arn("logs", `log-group:${buildLogGroup(resourceName(cluster, "*"))}`),
    });
  }
}
