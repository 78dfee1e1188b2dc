import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Construct } from "constructs";
import type { Cluster, Pool } from "../../cluster/cluster";
import { type Lockfile, STANDARD_CHARACTERS } from "../../node/lockfile";
import { schedulerNode, workerNode } from "../../node/machine";
import { waive } from "../account/waiver";

/** Decides which lockfile a parameter contains. */
export interface LockfileParameterProps {
  /** Exact packages of the Python environment of nodes. */
  readonly lockfile: Lockfile;
}

/**
 * SSM parameter from which nodes read their lockfile: names, versions and digests of packages on PyPI, so nothing secret.
 * Its name contains a digest of the content; Terraform creates the replacement first because running groups still start
 * nodes with the old one.
 */
export class LockfileParameter extends Construct {
  /** The parameter, for `dependsOn` of the nodes that read it. */
  readonly parameter: SsmParameter;

  constructor(scope: Construct, id: string, { lockfile: { name, content } }: LockfileParameterProps) {
    super(scope, id);
    this.parameter = new SsmParameter(this, "Resource", {
      name,
      description: "packages of machines of Dask, one a line: name, version and SHA-256",
      type: "String",
      tier: content.length > STANDARD_CHARACTERS ? "Advanced" : "Standard",
      insecureValue: content,
      lifecycle: { createBeforeDestroy: true },
    });
    waive(
      this.parameter,
      "CKV2_AWS_34",
      "names, versions and digests of packages, as PyPI publishes them: no secret; a machine refuses a content whose SHA-256 is not that in its user data",
    );
  }
}

/** Properties of `LockfileParameters`. */
export interface LockfileParametersProps {
  /** Cluster whose machines look their packages up. */
  readonly cluster: Cluster;
}

/** The locks of a cluster's machines: one parameter for each, however many machines share it. */
export class LockfileParameters extends Construct {
  private readonly parameters = new Map<string, SsmParameter>();

  constructor(scope: Construct, id: string, { cluster }: LockfileParametersProps) {
    super(scope, id);
    const nodes = [schedulerNode(cluster), ...cluster.pools.map((pool) => workerNode(cluster, pool))];
    for (const { lockfile } of nodes)
      if (!this.parameters.has(lockfile.name))
        this.parameters.set(
          lockfile.name,
          new LockfileParameter(this, idOf(lockfile), { lockfile }).parameter,
        );
  }

  /**
   * Parameter of the scheduler, or of a pool.
   *
   * @throws Error for a machine of another cluster
   */
  of(cluster: Cluster, pool?: Pool): SsmParameter {
    const { name } = (pool === undefined ? schedulerNode(cluster) : workerNode(cluster, pool)).lockfile;
    const parameter = this.parameters.get(name);
    if (parameter === undefined)
      throw new Error(
        `locks.of: given ${name}; allowed: ${[...this.parameters.keys()].join(", ")}; remedy: give the locks of that cluster`,
      );
    return parameter;
  }
}

/**
 * Id of a lock's construct, such as `2026.7-cpu-0123456789ab`: the last parts of the parameter's name. So one name is
 * always at one address of Terraform, whichever nodes use it; at a second address it could not be created while the
 * first one still exists.
 */
function idOf({ name }: Lockfile): string {
  return name.split("/").slice(-2).join("-");
}
