import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { NullProvider } from "@cdktf/provider-null/lib/provider";
import { App, TerraformStack } from "cdktf";
import { type ClusterDefinition, DaskCluster, defineCluster, LocalStack } from "cdktf-dask";
import type { Construct } from "constructs";

/** What all clusters of this company share. */
const company = {
  network: { adminSubnets: ["10.8.0.0/16"] },
  tags: { costcenter: "42" },
} satisfies Partial<ClusterDefinition>;

/** A stack of the consumer's own: its provider, its tags, and a cluster among its other resources. */
class ResearchStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, "aws", { region: "us-west-2" });
    new NullProvider(this, "null");
    const cluster = defineCluster({
      ...company,
      name: "research",
      region: "us-west-2",
      pools: [{ name: "bulk", kind: "cpu", instanceTypes: ["c6id.8xlarge"], maxSize: 3 }],
    });
    const dask = new DaskCluster(this, "dask", { cluster });
    if (dask.schedulerAddress !== "tls://scheduler.research.internal:8786")
      throw new Error(dask.schedulerAddress);
  }
}

const app = new App();
new ResearchStack(app, "research");
new LocalStack(app, "laptop", { cluster: defineCluster({ ...company, name: "laptop" }) });
app.synth();
