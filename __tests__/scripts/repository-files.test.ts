import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { INSTALL_TIMEOUT } from "../support/python-environment";
import { CLEAN, VALID, WorkflowLinters } from "../support/workflow-linters";

const ROOT = resolve(__dirname, "../..");
const WORKFLOWS = join(ROOT, ".github/workflows");

const textOf = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** The first group of a pattern in a file. */
function found(path: string, pattern: RegExp): string {
  const [, value] = pattern.exec(textOf(path)) ?? [];
  if (value === undefined) throw new Error(`${path} has no ${pattern}`);
  return value;
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly "timeout-minutes"?: number; readonly steps?: readonly Step[] }>
  >;
}

const workflows = readdirSync(WORKFLOWS).map((name) => ({ name, file: join(WORKFLOWS, name) }));
const read = (file: string) => parse(readFileSync(file, "utf8")) as Workflow;
const stepsOf = (file: string) => Object.values(read(file).jobs).flatMap(({ steps = [] }) => steps);

let linters: WorkflowLinters;
beforeAll(async () => {
  linters = await WorkflowLinters.install();
}, INSTALL_TIMEOUT);

describe.each(workflows)("the workflow $name", ({ file }) => {
  test("has the schema of GitHub, and a time limit for each job", () => {
    expect(linters.schema("vendor.github-workflows", file)).toEqual(VALID);
    expect(linters.schema("custom.github-workflows-require-timeout", file)).toEqual(VALID);
  });

  test("passes zizmor and shellcheck", () => {
    expect(linters.security(file)).toEqual(CLEAN);
    expect(linters.shell(file)).toEqual(CLEAN);
  });

  test("gives no permission to all jobs", () => {
    expect(read(file).permissions).toEqual({});
  });
});

/** Other files of .github/ that GitHub reads as YAML, and their schemas. */
const SCHEMAS: Readonly<Record<string, string>> = {
  "dependabot.yml": "vendor.dependabot",
  "ISSUE_TEMPLATE/bug.yml": "vendor.github-issue-forms",
  "ISSUE_TEMPLATE/feature.yml": "vendor.github-issue-forms",
  "ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
};

test.each(Object.entries(SCHEMAS))(".github/%s has the schema %s", (name, schema) => {
  expect(linters.schema(schema, join(ROOT, ".github", name))).toEqual(VALID);
});

test("each YAML file of .github/ has a schema", () => {
  const names = readdirSync(join(ROOT, ".github"), { recursive: true, encoding: "utf8" });
  const yaml = names.filter((name) => /\.ya?ml$/.test(name) && !name.startsWith("workflows/"));
  expect(yaml.sort()).toEqual(Object.keys(SCHEMAS).sort());
});

test("Dependabot passes zizmor, and leaves out packages that have a last version", () => {
  expect(linters.security(join(ROOT, ".github/dependabot.yml"))).toEqual(CLEAN);
  const { updates } = parse(textOf(".github/dependabot.yml")) as {
    updates: readonly { "package-ecosystem": string; ignore?: readonly { "dependency-name": string }[] }[];
  };
  const npm = updates.find((update) => update["package-ecosystem"] === "npm");
  const ignored = (npm?.ignore ?? []).map((rule) => rule["dependency-name"]);
  expect(ignored).toEqual(expect.arrayContaining(["cdktf", "cdktf-cli", "@cdktf/*"]));
});

test("workflows use the same commit of an action", () => {
  const commits = new Map<string, Set<string>>();
  for (const { uses } of workflows.flatMap(({ file }) => stepsOf(file))) {
    const [action = "", commit = ""] = uses?.split("@") ?? [];
    if (action !== "") commits.set(action, new Set([...(commits.get(action) ?? []), commit]));
  }
  expect([...commits.keys()]).toContain("actions/checkout");
  expect([...commits].filter(([, { size }]) => size !== 1)).toEqual([]);
});

describe("CI", () => {
  test("runs .ci/run, which passes shellcheck", () => {
    const commands = stepsOf(join(WORKFLOWS, "ci.yml")).flatMap(({ run = [] }) => run);
    expect(commands.filter((command) => /(^| )\.ci\/run$/m.test(command))).toHaveLength(1);
    expect(linters.script(join(ROOT, ".ci/run"))).toEqual(CLEAN);
  });

  test("runs each suite of package.json, and reads the results of each", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
    // A selection of test:python.
    const suites = Object.keys(scripts).filter((name) => /^test:(?!scaling$)/.test(name));
    const run = [...textOf(".ci/run").matchAll(/ npm run (test:\w+)\b/g)].map(([, name]) => name);
    expect(run.sort()).toEqual(suites.sort());
    const [, summary = ""] =
      /^exec node scripts\/test-summary\.mjs "\$results" (.*)$/m.exec(textOf(".ci/run")) ?? [];
    expect(summary.split(" ").sort()).toEqual(
      ["unit", ...suites.map((name) => name.replace("test:", ""))].sort(),
    );
  });
});

describe("versions of tools", () => {
  const { features } = JSON.parse(textOf(".devcontainer/devcontainer.json")) as {
    features: Record<string, { version: string }>;
  };
  const container = (feature: string) => features[`ghcr.io/devcontainers/features/${feature}:1`]?.version;

  test("of Node are the oldest major version that package.json allows", () => {
    const oldest = found("package.json", /"node": ">=(\d+)\./);
    expect(textOf(".nvmrc").trim()).toBe(oldest);
    expect(found("mise.toml", /^node = "(.*)"$/m)).toBe(oldest);
    expect(container("node")).toBe(oldest);
  });

  test("of Python are that of the nodes", () => {
    const node = found("locks/2026.7/cpu.in", /^# python: node (3\.\d+);/m);
    expect(found("mise.toml", /^python = "(.*)"$/m)).toBe(node);
    expect(container("python")).toBe(node);
    expect(found(".github/workflows/ci.yml", /uv python install (\S+)$/m)).toBe(node);
  });

  test("of Terraform and uv are those of CI and of the lockfiles", () => {
    const terraform = found(".github/workflows/ci.yml", /terraform_version: (\S+)$/m);
    expect(found("mise.toml", /^terraform = "(.*)"$/m)).toBe(terraform);
    expect(container("terraform")).toBe(terraform);
    const uv = found("locks/tools/uv.in", /^uv==(\S+)/m);
    const setups = workflows.flatMap(({ file }) =>
      stepsOf(file).filter(({ uses }) => uses?.startsWith("astral-sh/setup-uv@")),
    );
    expect(setups.map((step) => step.with?.version)).toEqual(setups.map(() => uv));
    expect(setups.length).toBeGreaterThan(0);
  });
});

test("mise.toml is TOML", () => {
  const program = "import sys, tomllib; print(sorted(tomllib.load(sys.stdin.buffer)['tools']))";
  const { stdout } = spawnSync(linters.python, ["-c", program], {
    input: textOf("mise.toml"),
    encoding: "utf8",
  });
  expect(stdout).toBe("['node', 'python', 'terraform']\n");
});

describe("CONTRIBUTING.md names", () => {
  const text = textOf("CONTRIBUTING.md");
  const code = [...text.matchAll(/`([^`\n]+)`/g)].map(([, found = ""]) => found);

  test("files and folders that exist", () => {
    const paths = code.filter((word) => /^[\w.-]*(\/[\w.-]*)+$|^\S+\.(ts|md|json)$/.test(word));
    expect(paths).toEqual(expect.arrayContaining(["lib/config/schema.ts", "package.json"]));
    // Written by npm run release:build; a file at the root of .github/workflows.
    const elsewhere = ["release/", "release.yml"];
    expect(paths.filter((path) => !elsewhere.includes(path) && !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test("commands of package.json that exist", () => {
    const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run ([a-z:]+[a-z])/g)].map(([, name = ""]) => name);
    expect(named).toEqual(expect.arrayContaining(["release:check", "test:boot"]));
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test("the rule about imports and the test that checks it", () => {
    expect(text).toContain("`__tests__/scripts/imports.test.ts`");
  });
});
