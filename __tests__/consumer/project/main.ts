import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { NullProvider } from "@cdktf/provider-null/lib/provider";
import { App, TerraformOutput, TerraformStack } from "cdktf";
import {
  type ClusterDefinition,
  type ClusterNetwork,
  clusterTags,
  DaskCluster,
  defineCluster,
  type EncryptionKey,
  LocalStack,
  type WorkerPool,
} from "cdktf-dask";
import type { Construct } from "constructs";

/** Settings of all clusters of this company. */
const company = {
  network: { adminSubnets: ["10.8.0.0/16"] },
  tags: { costcenter: "42" },
} satisfies Partial<ClusterDefinition>;

/** A stack of the consumer, with its provider, its tags and a cluster. */
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

/** The VPC of the company's network team. */
const companyNetwork: ClusterNetwork = {
  vpcId: "vpc-0123456789abcdef0",
  privateSubnetIds: ["subnet-0aaaaaaaaaaaaaaaa", "subnet-0bbbbbbbbbbbbbbbb"],
};

/** The key for the company's data. */
const companyKey: EncryptionKey = {
  arn: "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
};

/** A cluster in the company's VPC, with the company's key, data, rules, packages and file system. */
class AnalyticsStack extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const cluster = defineCluster({
      ...company,
      name: "analytics",
      region: "eu-central-1",
      scheduler: { privateAddress: "10.60.1.10" },
      nodeSetup: { bake: "setup/packages.sh" },
      pools: [{ name: "cpu", kind: "cpu", maxSize: 4, nodeSetup: { boot: "setup/shared-data.sh" } }],
    });
    new AwsProvider(this, "aws", { region: cluster.region, defaultTags: [{ tags: clusterTags(cluster) }] });
    new NullProvider(this, "null");

    const dask = new DaskCluster(this, "dask", {
      cluster,
      network: companyNetwork,
      key: companyKey,
      permissionsBoundary: "arn:aws:iam::123456789012:policy/company-boundary",
    });
    const pool = poolOf(dask, "cpu");

    const data = new S3Bucket(this, "data", { bucketPrefix: "analytics-" });
    pool.role.addToPolicy(
      { Action: "s3:ListBucket", Resource: data.arn },
      { Action: "s3:GetObject", Resource: `${data.arn}/*` },
    );

    const database = new SecurityGroup(this, "database-clients", { vpcId: dask.vpcId });
    pool.addSecurityGroup(database.id);

    new TerraformOutput(this, "scheduler", { value: dask.schedulerAddress });
    new TerraformOutput(this, "dashboard", { value: dask.commands.tunnelDashboard });
    new TerraformOutput(this, "workers", { value: pool.role.arn });
  }
}

function poolOf({ pools }: DaskCluster, name: string): WorkerPool {
  const pool = pools[name];
  if (pool === undefined) throw new Error(`no pool ${name}`);
  return pool;
}

const app = new App();
new ResearchStack(app, "research");
new AnalyticsStack(app, "analytics");
new LocalStack(app, "laptop", { cluster: defineCluster({ ...company, name: "laptop" }) });
app.synth();
