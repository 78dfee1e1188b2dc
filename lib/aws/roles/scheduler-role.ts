import type { Construct } from "constructs";
import { ownTags } from "../account/tags";
import { type MemberRoleProps, NodeRole } from "./node-role";

/** What the scheduler's machine may do in AWS: what every member may, and fill the cluster's secrets. */
export class SchedulerRole extends NodeRole {
  constructor(scope: Construct, id: string, props: MemberRoleProps) {
    const { cluster, secrets } = props;
    const description = `scheduler of the Dask cluster ${cluster.name}`;
    super(scope, id, { ...props, kind: "scheduler", description, ownTags: ownTags(cluster) });
    // The authority is made on the scheduler; it keeps it, and what it signs, for the machine that replaces it.
    if (secrets) this.allowSecrets(Object.values(secrets.arns), "PutSecretValue");
  }
}
