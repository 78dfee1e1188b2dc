import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { NullProvider } from "@cdktf/provider-null/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { clusterTags } from "./account/tags";
import { configureBackend } from "./backend";
import { DaskCluster, type DaskClusterProps } from "./dask-cluster";
import { Outputs } from "./outputs";

/**
 * Providers that the configuration is written for. The bindings' types come from AWS provider 6.25 and keep us below
 * 7; nothing newer than 5.100 is used, so an account that has not moved to 6 may stay.
 */
const REQUIRED_PROVIDERS = {
  aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" },
  null: { source: "hashicorp/null", version: ">= 3.2.0, < 4.0.0" },
};

/** Decides which cluster a stack has. */
export interface AwsStackProps extends DaskClusterProps {}

/**
 * A stack that has one Dask cluster: state, providers, the cluster and its outputs.
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
