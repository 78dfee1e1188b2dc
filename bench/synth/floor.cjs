/**
 * The floor: the same resources as `app.cjs N`, written as bare provider constructs. What one environment gives to
 * each provider class is recorded once; then each environment is those classes with those arguments, referring to
 * each other as they did, and nothing else.
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
  const wrapped = (type) =>
    new Proxy(type, {
      construct(target, [scope, id, config], newTarget) {
        const construct = Reflect.construct(target, [scope, id, config], newTarget);
        recorded.push({ type, construct, config });
        return construct;
      },
    });
  return Object.fromEntries(
    Object.entries(exports).map(([name, value]) => [
      name,
      typeof value === "function" && value.prototype ? wrapped(value) : value,
    ]),
  );
}

const {
  App,
  DefaultTokenResolver,
  StringConcat,
  TerraformElement,
  TerraformOutput,
  TerraformStack,
  Token,
  Tokenization,
} = require("cdktf");
const { AwsStack } = require("../../dist/lib/aws/aws-stack.js");
const { environment, outdir } = require("./environments.cjs");
const { report } = require("./report.cjs");

const cluster = environment(0);
const original = new AwsStack(new App({ outdir: join(outdir(), "recorded") }), cluster.name, { cluster });
const outputs = original.node.findAll().filter((construct) => construct instanceof TerraformOutput);
const resolver = new DefaultTokenResolver(new StringConcat());

/** Arguments with references spelled out, such as `${aws_vpc.dask_network_1234.id}`; constructs stay what they are. */
function spelled(value) {
  if (value instanceof TerraformElement) return value;
  if (typeof value === "string" || Tokenization.isResolvable(value)) {
    return Tokenization.resolve(value, { scope: original, resolver, preparing: false });
  }
  if (Array.isArray(value)) return value.map(spelled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, spelled(inner)]));
}

/** Arguments with references to the constructs of one bare stack. */
function referring(value, made) {
  if (value instanceof TerraformElement) return made.get(value.friendlyUniqueId);
  if (typeof value === "string") {
    return value.replace(/\$\{(?:data\.)?\w+\.([\w-]+)\.(\w+)\}/g, (text, id, attribute) =>
      made.has(id) ? Token.asString(made.get(id).interpolationForAttribute(attribute)) : text,
    );
  }
  if (Array.isArray(value)) return value.map((inner) => referring(inner, made));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, referring(inner, made)]));
}

const parts = recorded.map(({ type, construct, config }) => ({
  type,
  id: construct.friendlyUniqueId,
  config: spelled(config),
}));
const results = outputs.map((output) => ({ id: output.node.id, value: spelled(output.value) }));

const started = performance.now();
const app = new App({ outdir: outdir() });
for (let index = 0; index < Number(process.argv[2]); index++) {
  const stack = new TerraformStack(app, `bench-${index}`);
  const made = new Map();
  for (const { type, id, config } of parts) made.set(id, new type(stack, id, referring(config, made)));
  for (const { id, value } of results) new TerraformOutput(stack, id, { value: referring(value, made) });
}
app.synth();
report(app.outdir, started);
