/**
 * What the rig boots: `node app.cjs OUTDIR SHA256 REQUIREMENT`. Synthesizes the definitions below, each a stack, and
 * writes what the tests know of them to OUTDIR/clusters.json.
 *
 * User data is what a user's would be but for two things. SHA256 is that of the Miniforge installer's double. And the
 * GPU's lock, of 3.4 GB, is the CPU's with REQUIREMENT, the doubles of what a GPU worker runs.
 */
const { writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { App } = require("cdktf");

const [outdir, sha256, requirement] = process.argv.slice(2);
const miniforge = require("../../dist/lib/node/miniforge.js");
miniforge.MINIFORGE = { ...miniforge.MINIFORGE, sha256 };
const files = require("../../dist/lib/node/package-file.js");
const { packageFile } = files;
files.packageFile = (path) =>
  path.endsWith("/gpu.node.txt")
    ? `${packageFile(path.replace("/gpu.", "/cpu."))}${requirement}\n`
    : packageFile(path);

const { AwsStack, defineCluster } = require("../../dist/lib/index.js");
const lifecycle = require("../../dist/lib/node/lifecycle.js");
const { expectation } = require("../../dist/lib/local/runtime/expectation.js");
const { planNodes } = require("../../dist/lib/node/plan.js");
const { signalParameter } = require("../../dist/lib/node/signal.js");

// A hook that is gone is believed in half a minute instead of three.
lifecycle.HOOK_SECONDS = 30;

/** A script of the user. */
const setup = (name) => join(__dirname, "setup", name);

/** The cluster `rig`, unless it is told otherwise. Guests share this machine's memory, so a worker gets little. */
const define = (pool, more, ...pools) =>
  defineCluster({
    name: "rig",
    region: "eu-central-1",
    release: "2026.7",
    network: { vpcCidr: "10.77.0.0/16", adminSubnets: ["10.88.0.0/24"] },
    nodeSetup: { bake: setup("bake.py") },
    pools: [{ name: "cpu", kind: "cpu", desiredSize: 2, memoryLimit: "1GiB", ...pool }, ...pools],
    ...more,
  });

const definitions = {
  rig: define({}, {}, { name: "gpu", kind: "gpu", memoryLimit: "1GiB", rmmPool: false }),
  // The same cluster, whose pool has changed.
  changed: define({ resources: { CHANGED: 1 } }),
  spot: define({ spotPercentage: 100 }),
  scratch: define({ instanceTypes: ["m6id.2xlarge"] }),
  // Other packages than those of the baked image, and scripts of the user at each boot.
  setup: define(
    { instanceTypes: ["m6id.2xlarge"], nodeSetup: { boot: setup("boot.sh") } },
    {},
    { name: "failing", kind: "cpu", memoryLimit: "1GiB", nodeSetup: { boot: setup("failing.sh") } },
  ),
  // Its scheduler is never booted; the address is in the rig's network all the same.
  lonely: define(
    {},
    { name: "lonely", network: { vpcCidr: "10.77.128.0/17", adminSubnets: ["10.88.0.0/24"] } },
  ),
  // Its scheduler is booted alone.
  other: define({}, { name: "other", network: { vpcCidr: "10.77.64.0/18", adminSubnets: ["10.88.0.0/24"] } }),
};

// Nobody makes its bucket.
definitions.unstored = define({}, { name: "unstored", artifactBucket: "dask-rig-unstored" });

const app = new App({ outdir });
const clusters = Object.fromEntries(
  Object.entries(definitions).map(([id, cluster]) => [id, synth(id, cluster)]),
);
app.synth();
writeFileSync(join(outdir, "clusters.json"), JSON.stringify(clusters, null, 2));

/** Builds the stack; a machine without a scheduler waits for seconds instead of minutes. */
function synth(id, cluster) {
  const { JOIN_SECONDS, RETRY_SECONDS } = lifecycle;
  if (id === "lonely") Object.assign(lifecycle, { JOIN_SECONDS: 20, RETRY_SECONDS: 15 });
  try {
    new AwsStack(app, id, { cluster });
    return facts(cluster);
  } finally {
    Object.assign(lifecycle, { JOIN_SECONDS, RETRY_SECONDS });
  }
}

/** What the tests know of a cluster beside its Terraform configuration. */
function facts(cluster) {
  const machines = ({ desiredSize }) => ({ machines: desiredSize, workers: 1 });
  const plan = planNodes(cluster);
  const pools = plan.pools.map(({ pool, node }) => [
    pool.name,
    { group: node.name, bake: node.imageContents },
  ]);
  return {
    address: cluster.scheduler.privateAddress,
    hostname: cluster.scheduler.hostname,
    hook: lifecycle.LAUNCH_HOOK,
    hookSeconds: lifecycle.HOOK_SECONDS,
    signal: signalParameter(cluster),
    joinSeconds: lifecycle.JOIN_SECONDS,
    miniforge: miniforge.MINIFORGE.url,
    expectation: expectation(
      cluster,
      cluster.pools.map((pool) => ({ pool, ...machines(pool) })),
    ),
    scheduler: { bake: plan.scheduler.imageContents },
    pools: Object.fromEntries(pools),
  };
}
