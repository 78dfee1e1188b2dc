import { defineCluster } from "../lib/config/define";

/**
 * Template of an environment: copy this file, rename the constant, and add a stack for it to main.ts. Remove what you do not
 * need: only `name` and `network.adminSubnets` are required. All properties: lib/config/definition.ts.
 */
export const template = defineCluster({
  // Part of all names in AWS; another name is another cluster.
  name: "research",
  region: "eu-central-1",
  // Versions of Python, Dask and RAPIDS.
  release: "2026.7",

  // Who reaches the cluster, and in which VPC: docs/network.md.
  network: {
    adminSubnets: ["10.8.0.0/16"],
    // In place of a new VPC, an existing one:
    // vpcId: "vpc-0123456789abcdef0",
    // privateSubnetIds: ["subnet-0123456789abcdef0"],
  },

  // #region own
  // Your packages, on all nodes and clients; after a change, run `npx cdktf-dask lock`: docs/packages.md.
  environment: {
    packages: ["humanize==4.*", "more-itertools"],
    // requirements: "requirements.txt",
    // wheels: ["dist/my_lib-1.2-py3-none-any.whl"],
    // index: { url: "https://pypi.company.internal/simple", credentialsSecret: "company/pypi" },
  },

  // Data in S3 that tasks read and write: docs/data.md.
  data: { read: ["s3://company-lake/raw"], write: ["s3://company-lake/results"] },

  // Dask's configuration, environment variables and preloads: docs/settings.md.
  dask: { "array.chunk-size": "256MiB" },
  environmentVariables: {
    GREETING: "hello",
    // The value of a secret, which only the nodes read:
    // DB_PASSWORD: { secretsManager: "prod/db", key: "password" },
  },
  // #endregion
  // preload: ["my_lib.setup"],

  scheduler: { instanceType: "m7i.large" },
  pools: [
    {
      name: "cpu",
      kind: "cpu",
      // In order of preference. More types find more capacity, above all on the spot market.
      instanceTypes: ["m7i.2xlarge", "m6i.2xlarge", "m5.2xlarge"],
      minSize: 0,
      desiredSize: 2,
      maxSize: 20,
      // Of the instances beyond onDemandBase.
      onDemandBase: 1,
      spotPercentage: 80,
    },
    {
      name: "gpu",
      kind: "gpu",
      instanceTypes: ["g6.xlarge", "g5.xlarge"],
      desiredSize: 0,
      maxSize: 4,
      // Only for this pool, in addition to those of the cluster:
      data: { read: ["s3://company-models"] },
      environmentVariables: { GREETING: "hello from a GPU" },
    },
  ],

  // Nodes start in a minute instead of many, from AMIs that a deployment bakes: docs/boot.md.
  // bakedImages: true,
  // Scripts of yours on the nodes, such as the mount of a file system: docs/boot.md.
  // nodeSetup: { bake: "setup/packages.sh", boot: "setup/mount.sh" },

  // On all resources, for example for the allocation of costs.
  tags: { environment: "research", team: "data-platform" },
});
