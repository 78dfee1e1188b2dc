/**
 * CDKTF app of the boot tests: `node app.cjs OUTDIR SHA256 REQUIREMENT FOLDER`. Synthesizes a stack for each definition below,
 * and writes facts of the clusters to OUTDIR/clusters.json.
 *
 * User data and bundles differ from a user's in two points: SHA256 is the checksum of the double of Miniforge's
 * installer; and GPU nodes install the CPU lockfile with the line REQUIREMENT, instead of 3.4 GB of GPU packages. FOLDER has the
 * user's wheel and lockfiles (rig/own_work.py).
 */
const { mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { App } = require("cdktf");

const [outdir, sha256, requirement, folder] = process.argv.slice(2);
const miniforge = require("../../dist/lib/node/miniforge.js");
miniforge.MINIFORGE.x86_64 = { ...miniforge.MINIFORGE.x86_64, sha256 };
const packages = require("../../dist/lib/node/packages/read-packages.js");
const { readPackages } = packages;
packages.readPackages = (cluster) => {
  const read = readPackages(cluster);
  return { ...read, lockfiles: { ...read.lockfiles, gpu: `${read.lockfiles.cpu}${requirement}\n` } };
};

const { AwsStack, defineCluster } = require("../../dist/lib/index.js");
const lifecycle = require("../../dist/lib/node/lifecycle.js");
const { planNodes } = require("../../dist/lib/node/plan.js");
const { signalParameter } = require("../../dist/lib/node/signal.js");
const { ownWork, RELEASE } = require("./own-work.cjs");

// A node accepts that its hook is missing after 30 s instead of 3 minutes.
lifecycle.HOOK_SECONDS = 30;
// Heartbeats of a drain are frequent enough for a test.
lifecycle.HEARTBEAT_SECONDS = 3;

/** Returns the path of a user's setup script. */
const setup = (name) => join(__dirname, "setup", name);

/** Returns the path of a setup script of an example. */
const example = (name) => join(__dirname, "../../examples/existing-vpc/setup", name);

/** Returns the path of a copy of an example with the rig's NFS server. */
const fromRig = (name) => {
  const copy = join(outdir, name);
  const text = readFileSync(example(name), "utf8");
  mkdirSync(outdir, { recursive: true });
  writeFileSync(copy, text.replace(/^source=.*$/m, "source=10.77.0.200:/shared"));
  return copy;
};

/** Text with the characters that systemd, shells and templates treat specially. */
const EXACT = "a \"b\" 'c' \\n $HOME ${HOME} `id` %h 50% \\\n\tü 🙂 # x; y\n";

/** Data of the pool `cpu`, in a bucket that test_data.py creates. */
const DATA = { data: { read: ["s3://rig-data/in"], write: ["s3://rig-data/out"] } };

/** Cluster `rig` with changes. Guests share the host's memory, so workers get little. */
const define = (pool, more, ...pools) =>
  defineCluster({
    name: "rig",
    region: "eu-central-1",
    release: RELEASE,
    network: { vpcCidr: "10.77.0.0/16", adminSubnets: ["10.88.0.0/24"] },
    nodeSetup: { bake: setup("bake.py") },
    ...ownWork(folder),
    pools: [{ name: "cpu", kind: "cpu", minSize: 2, memoryLimit: "1GiB", ...DATA, ...pool }, ...pools],
    ...more,
  });

const definitions = {
  rig: define({}, {}, { name: "gpu", kind: "gpu", minSize: 1, memoryLimit: "1GiB", rmmPool: false }),
  // The same cluster with a changed pool.
  changed: define({ resources: { CHANGED: 1 } }),
  scratch: define({ instanceTypes: ["m6id.2xlarge"] }),
  // Other packages than those of the baked image, and setup scripts that run at each boot.
  setup: define(
    { instanceTypes: ["m6id.2xlarge"], nodeSetup: { boot: setup("boot.sh") } },
    {},
    { name: "failing", kind: "cpu", memoryLimit: "1GiB", nodeSetup: { boot: setup("failing.sh") } },
  ),
  // Settings of Dask's processes, with every kind of character; secrets, one of which does not exist.
  settings: define(
    {
      dask: { "distributed.worker.memory": { target: 0.41, spill: 0.51 }, "my-lib": { mode: "on" } },
      environmentVariables: {
        TEXT: EXACT,
        DB_PASSWORD: { secretsManager: "prod/db", key: "password" },
        DB_CONFIG: { secretsManager: "prod/db" },
      },
      preload: ["my_lib.setup"],
      nodeSetup: { boot: setup("preload.sh") },
    },
    { environmentVariables: { TEXT: "of the cluster", PLAIN: "of the cluster" } },
    {
      name: "unknown",
      kind: "cpu",
      memoryLimit: "1GiB",
      environmentVariables: { TOKEN: { secretsManager: "prod/none" } },
    },
  ),
  // The example that mounts a file system, from the rig's NFS server.
  mount: define(
    { nodeSetup: { boot: fromRig("mount-nfs.sh") } },
    { nodeSetup: { bake: example("install-nfs.sh") } },
  ),
  // Its scheduler is not booted, or fails.
  lonely: define(
    {},
    { name: "lonely", network: { vpcCidr: "10.77.128.0/17", adminSubnets: ["10.88.0.0/24"] } },
  ),
  // Only its scheduler is booted.
  other: define({}, { name: "other", network: { vpcCidr: "10.77.64.0/18", adminSubnets: ["10.88.0.0/24"] } }),
};

// Its bucket does not exist.
definitions.unstored = define({}, { name: "unstored", artifactBucket: "dask-rig-unstored" });

const app = new App({ outdir });
const clusters = Object.fromEntries(
  Object.entries(definitions).map(([id, cluster]) => [id, synth(id, cluster)]),
);
app.synth();
writeFileSync(join(outdir, "clusters.json"), JSON.stringify(clusters, null, 2));

/** Creates the stack of a definition. Nodes of `lonely` wait for seconds instead of minutes for their scheduler. */
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

/** Returns how to bake the image of a node. Writes its bundle. */
function image({ imageContents: { digest, stub, command, bundle } }) {
  const file = join(outdir, "images", `${digest}.tar.gz`);
  mkdirSync(join(outdir, "images"), { recursive: true });
  writeFileSync(file, bundle.archive);
  return { digest, stub, command, key: bundle.key, file };
}

/** Returns facts of a cluster that are not in its Terraform configuration. */
function facts(cluster) {
  const plan = planNodes(cluster);
  const pools = plan.pools.map(({ pool, node }) => [pool.name, { group: node.name, bake: image(node) }]);
  return {
    address: cluster.scheduler.privateAddress,
    hostname: cluster.scheduler.hostname,
    hook: lifecycle.LAUNCH_HOOK,
    terminationHook: lifecycle.TERMINATION_HOOK,
    hookSeconds: lifecycle.HOOK_SECONDS,
    heartbeatSeconds: lifecycle.HEARTBEAT_SECONDS,
    signal: signalParameter(cluster),
    joinSeconds: lifecycle.JOIN_SECONDS,
    miniforge: miniforge.MINIFORGE.x86_64.url,
    expectation: plan.expectation,
    scheduler: { bake: image(plan.scheduler) },
    pools: Object.fromEntries(pools),
  };
}
