const { readFileSync } = require("node:fs");
const { join } = require("node:path");

/** Prints what the parent reads: resources synthesized, seconds since `started`, peak resident memory. */
exports.report = (outdir, started) => {
  const buildSeconds = (performance.now() - started) / 1000;
  const { stacks } = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8"));
  const resources = Object.values(stacks).map(({ synthesizedStackPath }) => {
    const { resource = {} } = JSON.parse(readFileSync(join(outdir, synthesizedStackPath), "utf8"));
    return Object.values(resource).reduce((sum, byId) => sum + Object.keys(byId).length, 0);
  });
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ resources: resources.reduce((a, b) => a + b, 0), buildSeconds, megabytes }));
};
