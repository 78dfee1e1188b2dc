/**
 * The cluster of examples/bring-your-own in the rig, and the app of the commands `lock` and `client`: `node own-work.cjs` in the
 * folder that rig/own_work.py prepares.
 */
const { join } = require("node:path");
const { App } = require("cdktf");
const { AwsStack, defineCluster } = require("../../dist/lib/index.js");

/** Release of the clusters, as in rig/python.py. */
exports.RELEASE = process.env.DASK_RIG_RELEASE ?? "2026.7";

/** What the program uses: packages, a wheel, a bucket, a setting of Dask and an environment variable. */
exports.ownWork = (folder) => ({
  environment: {
    packages: ["humanize==4.*", "more-itertools"],
    wheels: [join(folder, "wheels", "word_counts-1.0-py3-none-any.whl")],
    lockfiles: join(folder, "dask-locks"),
  },
  data: { write: ["s3://rig-own-work/demo"] },
  dask: { "array.chunk-size": "256MiB" },
  environmentVariables: { GREETING: "hello" },
});

if (require.main === module) {
  const app = new App();
  const cluster = defineCluster({
    name: "rig",
    region: "eu-central-1",
    release: exports.RELEASE,
    network: { adminSubnets: ["10.88.0.0/24"] },
    pools: [
      { name: "cpu", kind: "cpu" },
      { name: "gpu", kind: "gpu" },
    ],
    ...exports.ownWork(process.cwd()),
  });
  new AwsStack(app, "rig", { cluster });
  app.synth();
}
