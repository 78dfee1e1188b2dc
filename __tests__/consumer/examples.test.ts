import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { copyExample, EXAMPLES, exampleFile, sourcesOf } from "../support/examples";
import { describeWithTerraform } from "../support/terraform/suite";
import { PROVIDER_VERSIONS, terraformBench } from "../support/terraform/terraform";
import { Workspace } from "../support/terraform/workspace";
import { newDirectory, ROOT, run } from "./workspace";

const { devDependencies, version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Packages that every example needs in addition to its imports. */
const TOOLS = ["@types/node", "cdktf-cli", "typescript"];

/** Stacks of each example. */
const STACKS: Readonly<Record<string, readonly string[]>> = {
  "air-gapped": ["research"],
  "existing-vpc": ["analytics"],
  heterogeneous: ["research"],
  minimal: ["research"],
  "multi-environment": ["development", "production", "staging"],
};

describe("with the packed package", () => {
  let directory: string;
  const folderOf = (example: string, ...path: readonly string[]) =>
    join(directory, "examples", example, ...path);
  const resourcesOf = (example: string, stack: string) =>
    JSON.parse(readFileSync(folderOf(example, "cdktf.out/stacks", stack, "cdk.tf.json"), "utf8")).resource;

  beforeAll(() => {
    directory = newDirectory("examples");
    installPacked(directory);
    for (const example of EXAMPLES) {
      copyExample(example, folderOf(example));
      symlinkSync(join(directory, "node_modules"), folderOf(example, "node_modules"));
      run(folderOf(example), "bash", "-ec", JSON.parse(exampleFile(example, "cdktf.json")).app);
    }
  }, 300_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each(EXAMPLES)("%s synthesizes its stacks", (example) => {
    expect(readdirSync(folderOf(example, "cdktf.out/stacks")).sort()).toEqual(STACKS[example]);
  });

  test.each(EXAMPLES)("%s has the packages that it uses, in the versions of the tests", (example) => {
    const manifest = JSON.parse(exampleFile(example, "package.json"));
    const expected = [...importsOf(example), ...TOOLS].map((name) => [
      name,
      name === "cdktf-dask" ? `file:../../cdktf-dask-${version}.tgz` : devDependencies[name],
    ]);
    expect({ ...manifest.dependencies, ...manifest.devDependencies }).toEqual(Object.fromEntries(expected));
  });

  test("existing-vpc and air-gapped create no network", () => {
    for (const [example, stack] of [
      ["existing-vpc", "analytics"],
      ["air-gapped", "research"],
    ] as const) {
      const types = Object.keys(resourcesOf(example, stack));
      expect(types).toContain("aws_instance");
      expect(types.filter((type) => /^aws_(vpc|subnet|nat_gateway|internet_gateway)$/.test(type))).toEqual(
        [],
      );
    }
  });

  test("nodes of air-gapped have no rule for the internet", () => {
    const rules = resourcesOf("air-gapped", "research").aws_vpc_security_group_egress_rule;
    const blocks = Object.values<Record<string, string>>(rules).flatMap(({ cidr_ipv4 = [] }) => cidr_ipv4);
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks).not.toContain("0.0.0.0/0");
  });

  test("heterogeneous has pools of CPU and GPU instances, and limits", () => {
    const groups = Object.values<Record<string, unknown>>(
      resourcesOf("heterogeneous", "research").aws_autoscaling_group,
    );
    expect(groups.map(({ name, max_size }) => [name, max_size])).toEqual([
      ["dask-research--cpu", 30],
      ["dask-research--gpu", 8],
    ]);
  });

  test("multi-environment has a network for each environment", () => {
    const blocks = STACKS["multi-environment"]?.map((stack) => [
      stack,
      ...Object.values<Record<string, unknown>>(resourcesOf("multi-environment", stack).aws_vpc).map(
        ({ cidr_block }) => cidr_block,
      ),
    ]);
    expect(blocks).toEqual([
      ["development", "10.21.0.0/16"],
      ["production", "10.23.0.0/16"],
      ["staging", "10.22.0.0/16"],
    ]);
  });

  describeWithTerraform("of real Terraform", () => {
    test("are valid", async () => {
      const bench = await terraformBench("consumer-examples");
      try {
        for (const [example, stacks] of Object.entries(STACKS))
          await Promise.all(
            stacks.map(async (stack) => {
              const [folder, log] = [
                folderOf(example, "cdktf.out/stacks", stack),
                join(bench.logs, `${example}-${stack}.log`),
              ];
              const workspace = new Workspace(`${example} ${stack}`, folder, log, PROVIDER_VERSIONS);
              const validation = await workspace.validate(bench.terraform);
              expect(validation).toMatchObject({ valid: true, diagnostics: [] });
            }),
          );
      } finally {
        await bench.close();
      }
    }, 900_000);
  });
});

/** Unpacks the packed package into `node_modules` of a directory, next to links to the packages of the checkout. */
function installPacked(directory: string): void {
  const modules = join(directory, "node_modules");
  const unpacked = join(modules, "cdktf-dask");
  mkdirSync(unpacked, { recursive: true });
  run(ROOT, "npm", "run", "--silent", "build");
  run(ROOT, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", directory);
  const archive = join(directory, `cdktf-dask-${version}.tgz`);
  run(directory, "tar", "-xzf", archive, "--strip-components=1", "-C", unpacked);
  for (const name of readdirSync(join(ROOT, "node_modules")))
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
}

/** Names of the packages that an example imports. */
function importsOf(example: string): readonly string[] {
  const names = sourcesOf(example).flatMap((file) =>
    [...exampleFile(example, file).matchAll(/ from "((?:@[^/"]+\/)?[^./"][^/"]*)/g)].map(
      ([, name = ""]) => name,
    ),
  );
  return [...new Set(names)];
}
