import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";
import { compilerErrors } from "../support/compiled";

const LIB = join(packageRoot(), "lib");

/** Beginning of each example's module: names that examples use without an import. */
const PRELUDE = `import { App, Fn, TerraformOutput, TerraformStack } from "cdktf";
import * as library from "../../lib/index";
declare const app: App;
declare const stack: TerraformStack;
declare const cluster: library.ResolvedCluster;
declare const dask: library.DaskCluster;
const { AwsStack, BackupStack, DaskCluster, LocalStack, Outputs, PipelineRoles, PipelineStack, ValidationError, clusterTags, defineCluster } = library;
`;

/** An example of a doc comment. */
interface Example {
  /** File below `lib`. */
  readonly file: string;
  /** Name of the documented declaration. */
  readonly subject: string;
  readonly code: string;
}

const files = readdirSync(LIB, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
const examples = files.flatMap(examplesIn);

test("every class and function of the package has an example", () => {
  const exported = [...read("index.ts").matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(
    ([, names = ""]) => names.match(/\w+(?=\s*(,|$))/g) ?? [],
  );
  const declared = files.flatMap((file) => namesIn(file).filter((name) => exported.includes(name)));
  expect(declared).toEqual(expect.arrayContaining(["DaskCluster", "SchedulerRole", "defineCluster"]));
  expect(declared.filter((name) => !examples.some(({ subject }) => subject === name))).toEqual([]);
});

test("every example compiles", () => {
  expect(errorsIn(examples)).toBe("");
}, 150_000);

test("an example that does not compile is reported with its location", () => {
  const code = "defineCluster({ nome: 1 });";
  expect(errorsIn([{ file: "config/define.ts", subject: "wrong", code }])).toMatch(
    /^lib\/config\/define\.ts, wrong\(\d+,\d+\): error TS2353: .*'nome' does not exist/,
  );
}, 150_000);

/** Errors of the compiler in examples, each compiled as a module. */
function errorsIn(examples: readonly Example[]): string {
  return compilerErrors(
    examples.map((example) => ({ name: `lib/${example.file}, ${example.subject}`, code: moduleOf(example) })),
  );
}

/** An example as a module. Its statements are in a block, so that they may hide the names of the prelude. */
function moduleOf({ file, code }: Example): string {
  const lines = code.split("\n");
  const isImport = (line: string) => line.startsWith("import ");
  const ofTheFile = namesIn(file).filter((name) => !PRELUDE.includes(name));
  return [
    PRELUDE,
    `import { ${ofTheFile.join(", ")} } from "../../lib/${file.replace(/\.ts$/, "")}";`,
    ...lines.filter(isImport),
    "{",
    ...lines.filter((line) => !isImport(line)),
    "}",
  ].join("\n");
}

/** Examples of a file: the lines from `@example` to the next tag or the end of the comment. */
function examplesIn(file: string): readonly Example[] {
  const comments = read(file).matchAll(
    /\/\*\*\n(?: +\*.*\n)+ *(?:(?:export|class|interface|function) )*(\w+)/g,
  );
  return [...comments].flatMap(([comment, subject = ""]) =>
    comment
      .slice(0, comment.lastIndexOf("*/"))
      .replaceAll(/^ *\* ?/gm, "")
      .split(/^@/m)
      .filter((tag) => tag.startsWith("example\n"))
      .map((tag) => ({ file, subject, code: tag.replace("example\n", "") })),
  );
}

/** Classes and functions that a file exports. */
function namesIn(file: string): readonly string[] {
  return [...read(file).matchAll(/^export (?:class|function) (\w+)/gm)].map(([, name = ""]) => name);
}

function read(file: string): string {
  return readFileSync(join(LIB, file), "utf8");
}
