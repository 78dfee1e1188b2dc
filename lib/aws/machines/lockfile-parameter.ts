import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Construct } from "constructs";
import { type Lockfile, STANDARD_CHARACTERS } from "../../node/lockfile";
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

/** Lockfiles of a cluster: one parameter for each, however many nodes read it. */
export class LockfileParameters extends Construct {
  private readonly parameters = new Map<string, SsmParameter>();

  /** Returns the parameter of a lockfile; the first call creates it. */
  parameter(lockfile: Lockfile): SsmParameter {
    const existing = this.parameters.get(lockfile.name);
    if (existing !== undefined) return existing;
    const { parameter } = new LockfileParameter(this, idOf(lockfile), { lockfile });
    this.parameters.set(lockfile.name, parameter);
    return parameter;
  }
}

/**
 * Id of a lockfile's construct, such as `2026.7-cpu-0123456789ab`: the last parts of the parameter's name. So one name is
 * always at one address of Terraform, whichever nodes use it; at a second address it could not be created while the
 * first one still exists.
 */
function idOf({ name }: Lockfile): string {
  return name.split("/").slice(-2).join("-");
}
