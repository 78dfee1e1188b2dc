import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Construct } from "constructs";
import type { Cluster, Pool } from "../../cluster/cluster";
import { type Lock, STANDARD_CHARACTERS } from "../../node/lock";
import { schedulerNode, workerNode } from "../../node/machine";
import { waive } from "../account/waiver";

/** Properties of a `LockParameter`. */
export interface LockParameterProps {
  /** Exact packages of a machine's environment. */
  readonly lock: Lock;
}

/**
 * The exact packages of machines, where these look them up: names, versions and digests that PyPI publishes, and so no
 * secret. Another content has another name, and comes before the old one goes, as machines still start with that.
 */
export class LockParameter extends Construct {
  /** The parameter: a machine waits for it. */
  readonly parameter: SsmParameter;

  constructor(scope: Construct, id: string, { lock: { name, content } }: LockParameterProps) {
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

/** Properties of `LockParameters`. */
export interface LockParametersProps {
  /** Cluster whose machines look their packages up. */
  readonly cluster: Cluster;
}

/** The locks of a cluster's machines: one parameter for each, however many machines share it. */
export class LockParameters extends Construct {
  private readonly parameters = new Map<string, SsmParameter>();

  constructor(scope: Construct, id: string, { cluster }: LockParametersProps) {
    super(scope, id);
    const nodes = [schedulerNode(cluster), ...cluster.pools.map((pool) => workerNode(cluster, pool))];
    for (const { lock } of nodes)
      if (!this.parameters.has(lock.name))
        this.parameters.set(lock.name, new LockParameter(this, idOf(lock), { lock }).parameter);
  }

  /**
   * Parameter of the scheduler, or of a pool.
   *
   * @throws Error for a machine of another cluster
   */
  of(cluster: Cluster, pool?: Pool): SsmParameter {
    const { name } = (pool === undefined ? schedulerNode(cluster) : workerNode(cluster, pool)).lock;
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
function idOf({ name }: Lock): string {
  return name.split("/").slice(-2).join("-");
}
