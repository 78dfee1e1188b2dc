/** The app as `cdktf.json` runs it, with `N` environments: `node app.cjs N`. */
const started = performance.now();
const { App } = require("cdktf");
const { AwsStack } = require("../../dist/lib/aws/aws-stack.js");
const { environment, outdir } = require("./environments.cjs");
const { report } = require("./report.cjs");

const app = new App({ outdir: outdir() });
for (let index = 0; index < Number(process.argv[2]); index++) {
  const cluster = environment(index);
  new AwsStack(app, cluster.name, { cluster });
}
app.synth();
report(app.outdir, started);
