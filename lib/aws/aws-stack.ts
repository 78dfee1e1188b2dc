import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { NullProvider } from "@cdktf/provider-null/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { clusterTags } from "./account/tags";
import { configureBackend } from "./backend";
import { DaskCluster, type DaskClusterProps } from "./dask-cluster";
import { Outputs } from "./outputs";

/**
 * Required providers. The types of the bindings are those of AWS provider 6.25, so 7 is excluded; the constructs use
 * nothing newer than 5.100, so stacks that are still on 5 work too.
 */
export const REQUIRED_PROVIDERS = {
  aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" },
  null: { source: "hashicorp/null", version: ">= 3.2.0, < 4.0.0" },
};

/** Props of a stack: the same as those of its cluster. */
export interface AwsStackProps extends DaskClusterProps {}

/**
 * Stack with one Dask cluster: state backend, providers, the cluster and its outputs.
 *
 * @example
 * new AwsStack(app, "research", { cluster });
 */
export class AwsStack extends TerraformStack {
  /** The cluster. */
  readonly daskCluster: DaskCluster;

  constructor(scope: Construct, id: string, props: AwsStackProps) {
    super(scope, id);
    const { cluster } = props;
    configureBackend(this, cluster);
    new AwsProvider(this, "aws", { region: cluster.region, defaultTags: [{ tags: clusterTags(cluster) }] });
    new NullProvider(this, "null");
    this.addOverride("terraform.required_providers", REQUIRED_PROVIDERS);

    this.daskCluster = new DaskCluster(this, "cluster", props);
    new Outputs(this, "outputs", { daskCluster: this.daskCluster });
  }
}
