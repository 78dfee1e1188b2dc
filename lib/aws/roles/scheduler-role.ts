import type { Construct } from "constructs";
import { signalParameter } from "../../node/signal";
import type { ExpectationObject } from "../artifacts/expectation-object";
import { NodeRole, type NodeRoleProps } from "./node-role";

/** Decides what the scheduler's node may read and write. */
export interface SchedulerRoleProps extends NodeRoleProps {
  /** Expectation of the smoke test, which the node reads. */
  readonly expectation: ExpectationObject;
}

/**
 * Role of the scheduler's instance. In addition to `NodeRole`, it may read the URL of its readiness signal and the
 * expectation of the smoke test, and read and write the secrets.
 *
 * @example
 * dask.scheduler.role.permissionsBoundary = "arn:aws:iam::123456789012:policy/boundary";
 */
export class SchedulerRole extends NodeRole {
  constructor(scope: Construct, id: string, props: SchedulerRoleProps) {
    const { cluster, secrets } = props;
    const description = `scheduler of the Dask cluster ${cluster.name}`;
    super(scope, id, { ...props, kind: "scheduler", description });
    this.allow("read-signal", {
      Action: "ssm:GetParameter",
      Resource: this.account.arn("ssm", `parameter${signalParameter(cluster)}`),
    });
    this.allow("read-expectation", { Action: "s3:GetObject", Resource: props.expectation.arn });
    // The scheduler creates the CA, and stores it and its certificates for a later scheduler and for other nodes.
    if (secrets) this.allowSecrets(Object.values(secrets.arns), "PutSecretValue");
  }
}
