import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { copyExample, EXAMPLES, EXAMPLES_FOLDER, exampleFile } from "../support/examples";
import { newDirectory, ROOT, run } from "./workspace";

/** CDK Terrain, the maintained fork of cdktf: the versions at the time of writing. */
const FORK = { cdktn: "0.24.0", constructs: "10.7.2", "@cdktn/provider-aws": "25.7.0" };

const { dependencies, devDependencies, exports, version } = JSON.parse(
  readFileSync(join(ROOT, "package.json"), "utf8"),
);

/** Directory with the examples as they are synthesized by cdktf, below the checkout, whose packages they use. */
let original: string;

beforeAll(() => {
  run(ROOT, "npm", "run", "--silent", "build");
  mkdirSync(join(ROOT, ".test"), { recursive: true });
  original = mkdtempSync(join(ROOT, ".test", "fork-"));
  compileExamples(original);
  synthesizeExamples(original, "node main.js");
}, 300_000);

afterAll(() => rmSync(original, { recursive: true, force: true }));

describe("with the package names of the fork", () => {
  let directory: string;

  beforeAll(() => {
    directory = newDirectory("fork");
    for (const path of ["dist", "cloud-init", "locks", "python", "package.json"]) {
      cpSync(join(ROOT, path), join(directory, path), { recursive: true });
    }
    compileExamples(directory);
    swapNames(join(directory, "dist"));
    swapNames(join(directory, "examples"));
    const manifest = { name: "cdktf-dask", version, exports, dependencies: { ...dependencies, ...FORK } };
    writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
    run(directory, "npm", "install", "--silent", "--no-audit", "--no-fund");
    // The fork publishes no bindings of the null provider; those of cdktf import only the framework.
    const bindings = join(directory, "node_modules/@cdktn/provider-null");
    cpSync(join(ROOT, "node_modules/@cdktf/provider-null"), bindings, { recursive: true });
    swapNames(bindings);
    run(directory, "node", "dist/main.js");
    run(ROOT, "node", "dist/main.js");
    synthesizeExamples(directory, "node main.js");
  }, 600_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each(["local", "development", "production", "baked"])("%s is the same Terraform", (stack) => {
    expect(synthesized(directory, stack)).toEqual(synthesized(ROOT, stack));
  });

  test.each(EXAMPLES)("the example %s is the same Terraform", (example) => {
    const stacks = stacksOf(directory, example);
    // Bindings choose the provider's version in a stack of the user; AwsStack chooses it itself.
    if (example === "existing-vpc")
      stacks.analytics = withAwsProvider(stacks.analytics, { source: "hashicorp/aws", version: "6.66.0" });
    expect(stacks).toEqual(stacksOf(original, example));
  });
});

describe("with the settings of docs/cdk-terrain.md in the package.json of a user", () => {
  let directory: string;

  beforeAll(() => {
    directory = newDirectory("fork-alias");
    run(ROOT, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", directory);
    writeFileSync(join(directory, "package.json"), JSON.stringify(manifestWithFork(directory)));
    run(directory, "npm", "install", "--silent", "--no-audit", "--no-fund");
    for (const example of EXAMPLES) {
      const folder = join(directory, "examples", example);
      copyExample(example, folder);
      symlinkSync(join(directory, "node_modules"), join(folder, "node_modules"));
    }
    synthesizeExamples(directory, "npx tsc && node dist/main.js");
  }, 600_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("npm installs the fork in place of cdktf, once", () => {
    const modules = join(directory, "node_modules");
    const { name, version } = JSON.parse(readFileSync(join(modules, "cdktf/package.json"), "utf8"));
    expect({ [name]: version }).toEqual({ cdktn: FORK.cdktn });
    const nested = ["cdktf-dask", "@cdktf/provider-aws", "@cdktf/provider-null"].map((other) =>
      existsSync(join(modules, other, "node_modules/cdktf")),
    );
    expect(nested).toEqual([false, false, false]);
  });

  test.each(EXAMPLES)("the example %s is the same Terraform", (example) => {
    expect(stacksOf(directory, example)).toEqual(stacksOf(original, example));
  });
});

/** Manifest with all packages of the examples except the command line, and with the settings of `docs/cdk-terrain.md`. */
function manifestWithFork(directory: string) {
  const [, settings = ""] = /```json\n([\s\S]*?)```/.exec(read("docs/cdk-terrain.md")) ?? [];
  const fork = JSON.parse(settings);
  const { "cdktn-cli": cli, ...tools } = fork.devDependencies;
  expect(cli).toBe(FORK.cdktn);
  const manifests = EXAMPLES.map((example) => JSON.parse(exampleFile(example, "package.json")));
  return {
    private: true,
    dependencies: {
      ...Object.assign({}, ...manifests.map(({ dependencies }) => dependencies)),
      ...fork.dependencies,
      "cdktf-dask": `file:${join(directory, `cdktf-dask-${version}.tgz`)}`,
    },
    devDependencies: {
      ...tools,
      typescript: devDependencies.typescript,
      "@types/node": devDependencies["@types/node"],
    },
    overrides: fork.overrides,
  };
}

/** Compiles the examples into `examples/` of a directory, where `cdktf-dask` is the package of that directory. */
function compileExamples(directory: string): void {
  const configuration = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      rootDir: EXAMPLES_FOLDER,
      outDir: join(directory, "examples"),
      declaration: false,
      typeRoots: [join(ROOT, "node_modules/@types")],
      paths: { "cdktf-dask": [join(ROOT, "dist/lib/index.d.ts")] },
    },
    include: [join(EXAMPLES_FOLDER, "*/*.ts")],
    exclude: [],
  };
  const file = join(directory, "tsconfig.examples.json");
  writeFileSync(file, JSON.stringify(configuration));
  run(ROOT, "npx", "tsc", "-p", file);
  for (const example of EXAMPLES) {
    const setup = join(EXAMPLES_FOLDER, example, "setup");
    if (existsSync(setup)) cpSync(setup, join(directory, "examples", example, "setup"), { recursive: true });
  }
}

/** Synthesizes the examples of a directory with a command. */
function synthesizeExamples(directory: string, command: string): void {
  for (const example of EXAMPLES) run(join(directory, "examples", example), "bash", "-ec", command);
}

/** Stacks of an example that was synthesized in a directory. */
function stacksOf(directory: string, example: string): Record<string, unknown> {
  const folder = join(directory, "examples", example);
  const stacks = readdirSync(join(folder, "cdktf.out/stacks"));
  return Object.fromEntries(stacks.map((stack) => [stack, synthesized(folder, stack)]));
}

/** A stack that has this provider of AWS, with that of the bindings of cdktf. */
function withAwsProvider(stack: unknown, found: object): unknown {
  const copy = structuredClone(stack) as { terraform: { required_providers: { aws: unknown } } };
  expect(copy.terraform.required_providers.aws).toEqual(found);
  copy.terraform.required_providers.aws = { source: "aws", version: "6.25.0" };
  return copy;
}

function swapNames(directory: string): void {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) swapNames(path);
    else if (name.endsWith(".js")) {
      const code = readFileSync(path, "utf8");
      writeFileSync(
        path,
        code.replaceAll(/require\((["'])cdktf\1\)/g, 'require("cdktn")').replaceAll("@cdktf/", "@cdktn/"),
      );
    }
  }
}

/** The stack without the metadata of the tool, and without the path of its directory, in which cdktf has the state by default. */
function synthesized(directory: string, stack: string): unknown {
  const json = readFileSync(join(directory, "cdktf.out/stacks", stack, "cdk.tf.json"), "utf8");
  return JSON.parse(json.replaceAll(directory, ""), (key, value) => (key === "//" ? undefined : value));
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
