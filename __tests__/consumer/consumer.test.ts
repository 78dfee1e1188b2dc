import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { freePort } from "../end-to-end/checkout";
import { awsHome, createBucket } from "../support/aws-home";
import { lineOf, RESULT } from "../support/example-program";
import { describeWithTerraform } from "../support/terraform/suite";
import { PROVIDER_VERSIONS, terraformBench } from "../support/terraform/terraform";
import { Workspace } from "../support/terraform/workspace";
import { newDirectory, ROOT, run, runIn } from "./workspace";

const BOUNDARY = "arn:aws:iam::123456789012:policy/company-boundary";
const EXAMPLE = join(ROOT, "examples", "bring-your-own");
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef";

const { devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

describe("the commands of the README install the package into another project, which", () => {
  let directory: string;
  let project: string;

  beforeAll(() => {
    directory = newDirectory("consumer");
    project = join(directory, "my-project");
    copyCheckout(join(directory, "cdktf-dask"));
    cpSync(join(__dirname, "project"), project, { recursive: true });
    writeFileSync(join(project, "package.json"), JSON.stringify(manifest()));

    run(directory, "bash", "-ec", installation());

    // The Terraform of the consumer comes from the package as npm unpacked it.
    run(project, "npx", "tsc", "-p", ".");
    run(project, "node", "dist/main.js");
  }, 900_000);

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("type-checks and synthesizes", () => {
    expect(readdirSync(stackFolder(project, "")).sort()).toEqual(["analytics", "laptop", "research"]);
    const { resource } = JSON.parse(
      readFileSync(join(stackFolder(project, "research"), "cdk.tf.json"), "utf8"),
    );
    expect(Object.values(resource.aws_vpc)).toEqual([
      expect.objectContaining({ cidr_block: "10.20.0.0/16" }),
    ]);
    const [group] = Object.values<Record<string, unknown>>(resource.aws_autoscaling_group);
    expect(group).toMatchObject({ name: "dask-research--bulk", max_size: 3 });
    // User data comes from the files of the package.
    const [template] = Object.values<Record<string, string>>(resource.aws_launch_template);
    expect(Buffer.from(template?.user_data ?? "", "base64").subarray(0, 2)).toEqual(
      Buffer.from([0x1f, 0x8b]),
    );
  });

  test("brings scripts that set up its nodes", () => {
    const folder = stackFolder(project, "analytics");
    const { resource } = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8"));
    const objects = Object.entries<Record<string, string>>(resource.aws_s3_object);
    const [scheduler, pool] = ["scheduler", "cpu"].map((node) => {
      const [, object] = objects.find(([name]) => name.includes(`bundles_${node}`)) ?? [];
      return join(folder, object?.source ?? "");
    }) as [string, string];
    const setupOf = (archive: string) =>
      run(project, "tar", "-tzf", archive).match(/^usr\/local\/lib\/dask-node\/setup\/.*$/gm);
    const bake = "usr/local/lib/dask-node/setup/bake";
    const boot = "usr/local/lib/dask-node/setup/boot-pool";
    expect(setupOf(scheduler)).toEqual([bake]);
    expect(setupOf(pool)).toEqual([bake, boot]);
    for (const [file, script] of [
      [bake, "packages.sh"],
      [boot, "shared-data.sh"],
    ] as const)
      expect(run(project, "tar", "-xzOf", pool, file)).toBe(
        readFileSync(join(project, "setup", script), "utf8"),
      );
  });

  test("draws its stacks", () => {
    writeFileSync(join(project, "cdktf.json"), JSON.stringify({ app: "node dist/main.js" }));
    const drawn = run(project, "npx", "cdktf-dask", "diagram", "analytics");
    expect(drawn).toMatch(/^<svg width="\d+pt"/);
    expect(drawn).toContain("<title>Dask cluster analytics</title>");
    expect(run(project, "npx", "cdktf-dask", "diagram", "research", "--format", "mermaid")).toContain(
      'subgraph network ["VPC 10.20.0.0/16"]\n',
    );
  });

  test("resolves the main module and the manifest of the package only", () => {
    const resolve = (name: string) => run(project, "node", "-p", `require.resolve(${JSON.stringify(name)})`);
    expect(resolve("cdktf-dask/package.json")).toContain("node_modules/cdktf-dask/package.json");
    expect(() => resolve("cdktf-dask/dist/lib/aws/outputs.js")).toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
    const installed = join(project, "node_modules/cdktf-dask");
    expect(readdirSync(join(installed, "iam"))).toEqual([
      "deploy-data-and-roles.json",
      "deploy-ec2.json",
      "plan.json",
    ]);
    // The Python package comes without its tests.
    expect(readdirSync(join(installed, "python")).sort()).toEqual(["LICENSE", "pyproject.toml", "src"]);
  });

  describeWithTerraform("runs a program with packages, data and settings of its own", () => {
    test("on a local cluster, from an environment of the command client", async () => {
      const bench = await terraformBench("consumer-own");
      const env = { ...process.env, HOME: awsHome(directory, bench.mockAws) };
      const terraform = (...words: readonly string[]) => {
        const [command = "", ...args] = bench.terraform.command;
        const options = [...args, `-chdir=${join(project, "own.out/stacks/own")}`, ...words];
        return runIn(project, { ...bench.terraform.environment, ...env }, command, ...options);
      };
      const synthesize = () => run(project, "env", "CDKTF_OUTDIR=own.out", "node", "own.cjs");
      try {
        createBucket(bench.mockAws, "my-bucket");
        await writeOwnApp(project);
        expect(synthesize).toThrow(
          "the lockfile of your packages: it is missing. Hint: run `npx cdktf-dask lock own`",
        );
        expect(run(project, "npx", "cdktf-dask", "lock", "own")).toMatch(
          /^own, compared with release 2026\.7:\n {2}added {4}humanize {8}4\.[\d.]+\n {2}added {4}more-itertools {2}[\d.]+\n {2}added {4}word-counts {5}1\.0\nNext: git add dask-locks\/own, commit, and npx cdktf deploy\n$/,
        );
        synthesize();
        terraform("init", "-input=false");
        terraform("apply", "-auto-approve", "-input=false");
        run(project, "npx", "cdktf-dask", "client", "own");

        const python = join(project, ".dask/clients/own/bin/python");
        const upload = `import s3fs; s3fs.S3FileSystem().put("${EXAMPLE}/texts/", "s3://my-bucket/demo/texts/", recursive=True)`;
        runIn(project, env, python, "-c", upload);
        const program = [join(EXAMPLE, "program.py"), "own", "s3://my-bucket/demo"];
        const printed = runIn(project, env, python, ...program)
          .trimEnd()
          .split("\n");
        expect(printed[0]).toBe(RESULT);
        expect(printed.slice(1)).toEqual([
          expect.stringMatching(lineOf("scheduler")),
          expect.stringMatching(lineOf("cpu--local-0")),
        ]);
      } finally {
        terraform("destroy", "-auto-approve", "-input=false");
        await bench.close();
      }
    }, 900_000);
  });

  describeWithTerraform("has a stack in an existing VPC, which real Terraform", () => {
    test("validates and plans", async () => {
      const { validation, plan } = await checkedByTerraform(stackFolder(project, "analytics"));
      expect(validation).toMatchObject({ valid: true, diagnostics: [] });
      const planned = (type: string, name = "") =>
        plan.resource_changes
          .filter((change) => change.type === type && change.address.includes(name))
          .map(({ change }) => change.after);
      expect(planned("aws_vpc")).toEqual([]);
      expect(planned("aws_instance")).toMatchObject([
        { subnet_id: "subnet-0aaaaaaaaaaaaaaaa", private_ip: "10.60.1.10" },
      ]);
      expect(planned("aws_kms_key")).toEqual([]);
      expect(planned("aws_kms_grant")).toMatchObject([{ key_id: KEY, name: "dask-analytics--autoscaling" }]);
      expect(planned("aws_iam_role").map((role) => [role?.name, role?.permissions_boundary])).toEqual([
        ["dask-analytics--pool-cpu--eu-central-1", BOUNDARY],
        ["dask-analytics--scheduler--eu-central-1", BOUNDARY],
      ]);
      expect(planned("aws_iam_role_policy", "pool-roles_cpu_added")).toMatchObject([{ name: "added" }]);
      expect(planned("aws_security_group").map((group) => group?.vpc_id)).toEqual(
        Array(3).fill("vpc-0123456789abcdef0"),
      );
    }, 900_000);
  });
});

test("npm refuses to publish the package", () => {
  // A registry that nothing listens on, and a token for it: a package that npm would publish fails otherwise.
  const nowhere = [
    "--fetch-retries=0",
    "--registry",
    "http://127.0.0.1:9",
    "--//127.0.0.1:9/:_authToken=none",
  ];
  expect(() => run(ROOT, "npm", "publish", "--ignore-scripts", ...nowhere)).toThrow("EPRIVATE");
});

/** Writes an app with a local cluster whose definition has packages, a wheel, a setting of Dask and a variable. */
async function writeOwnApp(project: string): Promise<void> {
  const wheel = ["--no-deps", "--wheel-dir", "wheels", join(EXAMPLE, "word_counts")];
  run(project, "python3", "-m", "pip", "wheel", "--quiet", ...wheel);
  const cluster = {
    name: "own",
    network: { adminSubnets: ["127.0.0.0/8"] },
    environment: {
      packages: ["humanize==4.*", "more-itertools"],
      wheels: ["wheels/word_counts-1.0-py3-none-any.whl"],
    },
    dask: { "array.chunk-size": "256MiB" },
    environmentVariables: { GREETING: "hello" },
    pools: [{ name: "cpu", kind: "cpu", threads: 1, memoryLimit: "1GiB" }],
  };
  const ports = { scheduler: await freePort(), dashboard: await freePort() };
  const app = [
    "const { App } = require('cdktf');",
    "const { defineCluster, LocalStack } = require('cdktf-dask');",
    `const cluster = defineCluster(${JSON.stringify(cluster)});`,
    "const app = new App();",
    `new LocalStack(app, 'own', { cluster, ports: ${JSON.stringify(ports)} });`,
    "app.synth();",
  ];
  writeFileSync(join(project, "own.cjs"), app.join("\n"));
  writeFileSync(join(project, "cdktf.json"), JSON.stringify({ app: "node own.cjs" }));
}

/** Validation and plan of a stack in an empty account. */
async function checkedByTerraform(folder: string) {
  const bench = await terraformBench("consumer");
  try {
    const workspace = new Workspace("consumer", folder, join(bench.logs, "consumer.log"), PROVIDER_VERSIONS);
    const validation = await workspace.validate(bench.terraform);
    return { validation, plan: await workspace.plan(bench.terraform) };
  } finally {
    await bench.close();
  }
}

/** Folder of a stack that the project synthesized. */
function stackFolder(project: string, stack: string): string {
  return join(project, "cdktf.out/stacks", stack);
}

/** The first block of shell commands below the heading in the README. */
function installation(): string {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, section = ""] = readme.split("\n## Use it as a library\n");
  const commands = /```sh\n(.*?)```/s.exec(section)?.[1];
  if (commands === undefined) throw new Error("README.md has no commands that install the package");
  return commands;
}

/** The files of the checkout that git knows or would add, so no build and no packages. */
function copyCheckout(directory: string): void {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).split("\0").filter(Boolean);
  for (const file of files) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    cpSync(join(ROOT, file), join(directory, file));
  }
}

/** Manifest of a project with a compiler; npm installs the peer dependencies of the package. */
function manifest() {
  const { typescript, "@types/node": node } = devDependencies;
  return { name: "my-project", private: true, devDependencies: { typescript, "@types/node": node } };
}
