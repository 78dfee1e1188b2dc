import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { NullProvider } from "@cdktf/provider-null/lib/provider";
import { App, TerraformOutput, TerraformStack } from "cdktf";
import { clusterTags, DaskCluster, defineCluster } from "cdktf-dask";
import type { Construct } from "constructs";

const cluster = defineCluster({
  // #region network
  name: "research",
  region: "eu-central-1",
  network: {
    adminSubnets: ["10.8.0.0/16"],
    vpcId: "vpc-0123456789abcdef0",
    privateSubnetIds: ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"],
  },
  // #endregion
  // #region scripts
  nodeSetup: { bake: "setup/install-nfs.sh" }, // every node
  pools: [{ name: "cpu", kind: "cpu", nodeSetup: { boot: "setup/mount-nfs.sh" } }], // only nodes of this pool
  // #endregion
});

/** A stack of yours, in which the cluster is a construct among others. */
class AnalyticsStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, "aws", { region: cluster.region, defaultTags: [{ tags: clusterTags(cluster) }] });
    new NullProvider(this, "null");
    const dask = new DaskCluster(this, "dask", { cluster });

    // #region permissions
    const { cpu } = dask.pools;
    cpu?.role.addToPolicy({ Action: "s3:GetObject", Resource: "arn:aws:s3:::my-data/*" });
    cpu?.role.addManagedPolicy("arn:aws:iam::123456789012:policy/read-my-tables");
    // #endregion
    // #region group
    dask.pools.cpu?.addSecurityGroup("sg-0123456789abcdef0");
    // #endregion

    new TerraformOutput(this, "scheduler", { value: dask.schedulerAddress });
    new TerraformOutput(this, "tunnel", { value: dask.commands.tunnelDashboard });
  }
}

const app = new App();
new AnalyticsStack(app, "analytics");
app.synth();
