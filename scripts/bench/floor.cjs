/**
 * The floor: the same resources as `app.cjs N`, written as bare provider constructs. What one environment gives to
 * each provider class is recorded once; then each environment is those classes with those arguments, and nothing else.
 */
const Module = require("node:module");
const { join } = require("node:path");

const recorded = [];
const load = Module._load;
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest);
  return /^@cdktf\/provider-(aws|null)\/lib\//.test(request) ? recording(loaded) : loaded;
};

/** The module with classes that write down how they are called. */
function recording(exports) {
  const wrapped = (original) =>
    new Proxy(original, {
      construct(target, [scope, id, config], newTarget) {
        recorded.push({ type: original, path: scope.node.path, id, config });
        return Reflect.construct(target, [scope, id, config], newTarget);
      },
    });
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [
      name,
      typeof value === "function" && value.prototype ? wrapped(value) : value,
    ]),
  );
}

const { App, TerraformOutput, TerraformStack } = require("cdktf");
const { AwsStack } = require("../../dist/lib/aws/aws-stack.js");
const { environment, outdir } = require("./environments.cjs");
const { report } = require("./report.cjs");

const cluster = environment(0);
const original = new AwsStack(new App({ outdir: join(outdir(), "recorded") }), cluster.name, cluster);
const outputs = original.node.findAll().filter((construct) => construct instanceof TerraformOutput);

const started = performance.now();
const app = new App({ outdir: outdir() });
for (let index = 0; index < Number(process.argv[2]); index++) {
  const stack = new TerraformStack(app, `bench-${index}`);
  for (const [place, { type, config }] of recorded.entries())
    new type(stack, `${type.name}-${place}`, config);
  for (const output of outputs) new TerraformOutput(stack, output.node.id, { value: output.value });
}
app.synth();
report(app.outdir, started);
