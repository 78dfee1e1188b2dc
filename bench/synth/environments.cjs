const { mkdtempSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { defineCluster } = require("../../dist/lib/config/define.js");

/** Environment number `index`: the `production` example under another name. */
exports.environment = (index) =>
  defineCluster({
    name: `bench-${index}`,
    region: "eu-central-1",
    network: { adminSubnets: ["10.0.0.0/16"], nat: "per-zone" },
    pools: [
      { name: "cpu", kind: "cpu", instanceTypes: ["m6id.4xlarge", "m5d.4xlarge"], spotPercentage: 80 },
      { name: "gpu", kind: "gpu", spotPercentage: 50 },
    ],
    tags: { environment: `bench-${index}` },
  });

/** An output directory of its own, removed when the process ends. */
exports.outdir = () => {
  const directory = mkdtempSync(join(tmpdir(), "cdktf-dask-bench-"));
  process.on("exit", () => rmSync(directory, { recursive: true, force: true }));
  return directory;
};
