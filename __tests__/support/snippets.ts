import { dirname, posix } from "node:path";
import { packageFile } from "../../lib/node/package-file";
import { type Module, TO_ROOT } from "./compiled";

/** A block of TypeScript in a document. */
export interface Snippet {
  readonly document: string;
  /** Line of the fence. */
  readonly line: number;
  readonly code: string;
  /** File whose text it shows, with the name of a region: `examples/minimal/main.ts#region`. */
  readonly source?: string;
}

/** Line in place of lines that a snippet leaves out. */
const OMISSION = /^ *\/\/ …$/m;

/** Names that snippets use without an import, and their declarations. */
const PRELUDE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["AwsStack", "BackupStack", "DaskCluster", "defineCluster"].map((name) => [
      name,
      `import { ${name} } from "cdktf-dask";`,
    ]),
  ),
  suppress: `import { suppress } from "${TO_ROOT}lib/aws/account/suppression";`,
  app: 'declare const app: import("cdktf").App;',
  stack: 'declare const stack: import("cdktf").TerraformStack;',
  parameter: 'declare const parameter: import("cdktf").TerraformResource;',
  cluster: 'declare const cluster: import("cdktf-dask").ResolvedCluster;',
  dask: 'declare const dask: import("cdktf-dask").DaskCluster;',
  pipeline: 'declare const pipeline: import("cdktf-dask").PipelineStack;',
  network: 'declare const network: import("cdktf-dask").NetworkDefinition;',
  images: 'declare const images: Readonly<Record<"scheduler" | "cpu" | "gpu", { readonly amiId: string }>>;',
  adminSubnets: "declare const adminSubnets: readonly string[];",
  vpcId: "declare const vpcId: string;",
  privateSubnetIds: "declare const privateSubnetIds: readonly string[];",
  ...Object.fromEntries(
    ["vpc", "subnetA", "subnetB"].map((name) => [name, `declare const ${name}: { readonly id: string };`]),
  ),
};

/** Snippets of a document in Markdown. A comment before the fence, such as `<!-- main.ts#region -->`, names the source. */
export function snippetsOf(document: string, text: string): readonly Snippet[] {
  const found = text.matchAll(/(?:^ *<!-- (\S+\.ts(?:#\w+)?) -->\n\n?)?^( *)```ts\n([\s\S]*?)^ *```$/gm);
  return [...found].map(({ 0: block, 1: source, 2: indent = "", 3: code = "", index }) => ({
    document,
    line: text.slice(0, index + block.indexOf("```ts")).split("\n").length,
    code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    ...(source !== undefined && { source }),
  }));
}

/** Difference between a snippet and its source; undefined if the source has its text. */
export function differenceFromSource({ code, source = "" }: Snippet): string | undefined {
  const [file = "", name] = source.split("#");
  const text = packageFile(file);
  const expected = name === undefined ? text : region(text, name);
  if (expected === undefined) return `${file} has no region ${name}`;
  const parts = code.split(OMISSION).map((part) => part.replace(/^\n/, ""));
  if (parts.length === 1) return code === expected ? undefined : `${source} is\n${expected}`;
  let rest = expected;
  for (const part of parts) {
    const start = rest.indexOf(part);
    if (start < 0) return `${source} does not have\n${part}`;
    rest = rest.slice(start + part.length);
  }
  return undefined;
}

/** Names of the regions in a file. */
export function regionsOf(text: string): readonly string[] {
  return [...text.matchAll(/^ *\/\/ #region (\w+)$/gm)].map(([, name = ""]) => name);
}

/** The snippet as a module: the names that it uses are declared, and a part of a definition is checked as one. */
export function moduleOf({ document, line, code, source }: Snippet): Module {
  const directory = source === undefined ? "environments" : dirname(source);
  const isPart = /^(?:\/\/.*\n)*\w+: /.test(code);
  const own = new Set(
    [...code.matchAll(/^(?:export )?const (\w+)|^import \{(.*?)\}/gm)].flatMap(([, name, imported = ""]) => [
      name,
      ...imported.split(/[\s,]+/),
    ]),
  );
  const prelude = Object.entries(PRELUDE)
    .filter(([name]) => !own.has(name) && new RegExp(`(?<![.\\w"])${name}\\b(?!:)`).test(code))
    .map(([, declaration]) => declaration);
  const body = code
    .replaceAll(/ from "(\.[^"]*)"/g, (_, path) => ` from "${TO_ROOT}${posix.join(directory, path)}"`)
    .replaceAll(
      /^( *defineCluster\(\{\n) *\/\/ …$/gm,
      '$1  name: "research", network: { adminSubnets: [] },',
    );
  const wrapped = isPart
    ? `({\n${body}}) satisfies Partial<import("cdktf-dask").ClusterDefinition>;\n`
    : body;
  return { name: `${document}:${line}`, code: `${prelude.join(" ")}\n${wrapped}` };
}

/** Text between the markers of a region, without its indentation. */
function region(text: string, name: string): string | undefined {
  const found = new RegExp(`^( *)// #region ${name}\\n([\\s\\S]*?)^ *// #endregion$`, "m").exec(text);
  return found?.[2]?.replaceAll(new RegExp(`^${found[1]}`, "gm"), "");
}
