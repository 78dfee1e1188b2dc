import { CloudformationStack } from "@cdktf/provider-aws/lib/cloudformation-stack";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { BOOT_SECONDS } from "../../node/lifecycle";
import { resourceName } from "../../node/names";
import { signalParameter } from "../../node/signal";
import { suppress } from "../account/suppression";
import type { Scheduler } from "./scheduler";

/**
 * Timeout in seconds for a scheduler that sends no signal. A scheduler that fails reports it within BOOT_SECONDS; the
 * rest is for its start and for a slow network.
 */
const WAIT_SECONDS = BOOT_SECONDS + 300;

/** Timeout of Terraform in minutes: after that of CloudFormation, and the deletion of the stack. */
const CREATE_MINUTES = Math.ceil(WAIT_SECONDS / 60) + 10;

/** Scheduler that a deployment waits for. */
export interface SchedulerReadinessProps {
  /** Cluster of the scheduler. */
  readonly cluster: ResolvedCluster;
  /** Scheduler that sends the signal. */
  readonly scheduler: Scheduler;
}

/**
 * Makes a deployment wait until the scheduler is ready, and fail with the scheduler's own message where its bootstrap
 * fails. Needs the AWS provider only, so it works on HCP Terraform too.
 *
 * It is a CloudFormation stack with a wait condition. The condition's URL is in an SSM parameter; the node reads it and
 * sends success, or failure with a reason. The AWS provider prints the reason of a failed stack:
 * `WaitCondition received failed message: 'step conda failed …' for uniqueId: i-…`.
 *
 * - A failed stack deletes itself. The next deployment creates it again, with another URL.
 * - A failed scheduler stays, so that its log can be read. Before the next deployment, terminate it: Terraform then
 *   creates another one. Or deploy, and restart `dask-node` on it meanwhile: it repeats what failed and sends its signal.
 * - Each new scheduler has a new stack, because a wait condition takes one signal and cannot be updated.
 */
export class SchedulerReadiness extends Construct {
  /** The stack, which exists once the scheduler is ready. */
  readonly stack: ITerraformDependable;

  constructor(scope: Construct, id: string, { cluster, scheduler }: SchedulerReadinessProps) {
    super(scope, id);
    const name = resourceName(cluster, "scheduler-ready");
    const stack = new CloudformationStack(this, "Resource", {
      name,
      templateBody: JSON.stringify(template(cluster)),
      onFailure: "DELETE",
      timeouts: { create: `${CREATE_MINUTES}m` },
      tags: { Name: name },
      lifecycle: {
        // CloudFormation rejects updates of wait conditions; the next scheduler gets the newer template.
        ignoreChanges: ["template_body"],
        replaceTriggeredBy: [scheduler.replacement],
      },
    });
    suppress(
      stack,
      "CKV_AWS_124",
      "the deployment waits for the stack and prints its failure; after that the stack never changes",
    );
    this.stack = stack;
  }
}

function template(cluster: ResolvedCluster) {
  return {
    Description: `signal of the scheduler of the Dask cluster ${cluster.name}`,
    Resources: {
      Handle: { Type: "AWS::CloudFormation::WaitConditionHandle" },
      Parameter: {
        Type: "AWS::SSM::Parameter",
        Properties: {
          Name: signalParameter(cluster),
          Type: "String",
          Description: "URL to which the scheduler sends the result of its bootstrap",
          Value: { Ref: "Handle" },
        },
      },
      Ready: {
        Type: "AWS::CloudFormation::WaitCondition",
        DependsOn: "Parameter",
        Properties: { Handle: { Ref: "Handle" }, Count: 1, Timeout: `${WAIT_SECONDS}` },
      },
    },
  };
}
