import { readdirSync } from "node:fs";
import { join } from "node:path";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { compilerErrors } from "../support/compiled";
import { EXAMPLES, exampleFile, sourcesOf } from "../support/examples";
import { differenceFromSource, moduleOf, regionsOf, snippetsOf } from "../support/snippets";

const DOCUMENTS = [
  "README.md",
  ...readdirSync(join(packageRoot(), "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

const snippets = DOCUMENTS.flatMap((document) => snippetsOf(document, packageFile(document)));
const sources = snippets.flatMap(({ source = [] }) => source);

test("every block of TypeScript is found", () => {
  const fences = DOCUMENTS.flatMap(
    (document) => packageFile(document).match(/^ *```(ts|typescript)\b/gm) ?? [],
  );
  expect(snippets).toHaveLength(fences.length);
});

test("every snippet of the README comes from an example or from the checkout", () => {
  const ofReadme = snippets.filter(({ document }) => document === "README.md");
  expect(ofReadme.length).toBeGreaterThan(0);
  expect(ofReadme.filter(({ source }) => source === undefined)).toEqual([]);
});

test("every snippet has the text of its source", () => {
  expect(sources.length).toBeGreaterThan(0);
  for (const snippet of snippets.filter(({ source }) => source !== undefined))
    expect({ ...snippet, difference: differenceFromSource(snippet) }).toEqual(snippet);
});

test.each(EXAMPLES)("a document shows a part of %s, and all its regions", (example) => {
  const shown = sources.filter((source) => source.startsWith(`examples/${example}/`));
  expect(shown.length).toBeGreaterThan(0);
  for (const file of sourcesOf(example))
    for (const name of regionsOf(exampleFile(example, file)))
      expect(shown).toContain(`examples/${example}/${file}#${name}`);
});

test("every snippet compiles", () => {
  expect(compilerErrors(snippets.map(moduleOf))).toBe("");
}, 150_000);

test("errors in snippets are reported with their lines", () => {
  const text = [
    "# Title",
    ...["", "```ts", 'defineCluster({ nome: "a" });', "```"],
    ...["", "```ts", "network: { adminSubnets: 1 },", "```", ""],
  ].join("\n");
  expect(compilerErrors(snippetsOf("docs/wrong.md", text).map(moduleOf))).toMatch(
    /^docs\/wrong\.md:3\(\d+,\d+\): error TS2353: .*'nome'[\s\S]*^docs\/wrong\.md:7\(\d+,\d+\): error TS2322: /m,
  );
}, 150_000);

test("a snippet that differs from its source is reported", () => {
  const differenceOf = (source: string, code: string) =>
    snippetsOf("docs/wrong.md", `<!-- ${source} -->\n\n\`\`\`ts\n${code}\`\`\`\n`).map(differenceFromSource);
  const group = 'dask.pools.cpu?.addSecurityGroup("sg-0123456789abcdef0");\n';
  const main = "examples/existing-vpc/main.ts";
  expect(differenceOf(`${main}#group`, group)).toEqual([undefined]);
  expect(differenceOf(`${main}#group`, "dask.pools.gpu;\n")).toEqual([`${main}#group is\n${group}`]);
  expect(differenceOf(`${main}#nothing`, group)).toEqual([`${main} has no region nothing`]);
  expect(differenceOf("main.ts", "const a = 1;\n// …\napp.synth();\n")).toEqual([
    "main.ts does not have\nconst a = 1;\n",
  ]);
});
