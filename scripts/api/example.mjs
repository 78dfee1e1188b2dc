// Programs of the pages: an `@example` with the imports and declarations that it uses.

/** Names that examples use, by the module that exports them. */
const CDKTF = ["App", "Fn", "TerraformOutput", "TerraformStack"];

/** Declarations that an example may use without making them; each may use those before it. */
const DECLARATIONS = [
  ["app", "const app = new App();"],
  [
    "cluster",
    'const cluster = defineCluster({ name: "research", network: { adminSubnets: ["10.8.0.0/16"] } });',
  ],
  ["stack", ""],
  ["dask", "const dask = stack.daskCluster;"],
];

/** Imports of the providers of a stack without cluster. */
const PROVIDERS = [
  'import { AwsProvider } from "@cdktf/provider-aws/lib/provider";',
  'import { NullProvider } from "@cdktf/provider-null/lib/provider";',
];

/**
 * Returns the complete program of an example, which synthesizes a stack if the example creates constructs.
 *
 * @param code the example, without imports of this package and of cdktf
 * @param exported names of the classes and functions of this package
 */
export function programOf(code, exported) {
  const lines = code.split("\n");
  const own = lines.filter((line) => line.startsWith("import "));
  const statements = lines
    .filter((line) => !line.startsWith("import "))
    .join("\n")
    .trim();
  let program = statements;
  const before = [];
  for (const [name, declaration] of [...DECLARATIONS].reverse()) {
    if (!uses(program, name) || declares(statements, name)) continue;
    const text = name === "stack" ? stackOf(statements) : declaration;
    before.unshift(text);
    program = `${text}\n${program}`;
  }
  const library = exported.filter((name) => uses(program, name)).sort();
  const imports = [
    ...(program.includes("new NullProvider") ? PROVIDERS : []),
    ...own,
    ...importOf(
      CDKTF.filter((name) => uses(program, name)),
      "cdktf",
    ),
    ...importOf(library, "cdktf-dask"),
  ];
  const synthesis = uses(program, "app") ? ["app.synth();"] : [];
  const unique = [...new Set(imports)].sort((one, other) => (moduleOf(one) < moduleOf(other) ? -1 : 1));
  return [unique.join("\n"), before.join("\n"), statements, ...synthesis].filter(Boolean).join("\n\n");
}

/** Declaration of `stack`: with the cluster, or only with the providers for an example that creates a cluster in it. */
function stackOf(statements) {
  if (!/new (DaskCluster|AwsProvider)\(stack/.test(statements))
    return 'const stack = new AwsStack(app, "research", { cluster });';
  const region = /region: ("[^"]+")/.exec(statements)?.[1] ?? "cluster.region";
  // A cluster that the example defines after its stack is not known yet.
  const tags = declares(statements, "cluster") ? "" : ", defaultTags: [{ tags: clusterTags(cluster) }]";
  return [
    'const stack = new TerraformStack(app, "research");',
    ...(statements.includes("new AwsProvider(")
      ? []
      : [`new AwsProvider(stack, "aws", { region: ${region}${tags} });`]),
    'new NullProvider(stack, "null");',
  ].join("\n");
}

const importOf = (names, module) =>
  names.length === 0 ? [] : [`import { ${names.join(", ")} } from "${module}";`];

const moduleOf = (line) => line.slice(line.indexOf(" from "));

/** Whether code uses a name: not as a property or key, and not in a text. */
const uses = (code, name) =>
  new RegExp(`(?<![\\w."-])${name}(?![\\w":-])`).test(code.replaceAll(/"[^"]*"/g, '""'));

const declares = (code, name) =>
  new RegExp(`^const (${name}\\b|\\{[^}]*\\b${name}\\b[^}]*\\})`, "m").test(code);
