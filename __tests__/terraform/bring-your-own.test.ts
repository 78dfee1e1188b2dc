import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Checkout } from "../end-to-end/checkout";
import { Section } from "../support/document";
import { describeWithTerraform } from "../support/terraform/suite";
import { type TerraformBench, terraformBench } from "../support/terraform/terraform";

const MINUTE = 60_000;
jest.setTimeout(15 * MINUTE);

const BUCKET = "my-bucket";
const REGION = "eu-central-1";
const DOCUMENT = "docs/bring-your-own.md";
const [BUILD_WHEEL] = new Section(DOCUMENT, "On your computer").commands() as [string];
const COMMANDS = new Section(DOCUMENT, "On AWS")
  .commands()
  .map((line) => line.replaceAll("YOUR_BUCKET", BUCKET));

/** Of the nodes that the commands make, the mock AWS boots none: `boot/test_own_work.py` runs the program on nodes. */
describeWithTerraform("the document about packages, data and settings, on the mock AWS", () => {
  let bench: TerraformBench;
  let checkout: Checkout;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    bench = await terraformBench("bring-your-own");
    checkout = await Checkout.make();
    cpSync("examples", join(checkout.directory, "examples"), { recursive: true });
    const path = (name: string) => join(checkout.directory, name);
    writeFileSync(path("environments/research.ts"), environment());
    writeFileSync(path("main.ts"), main());
    const [terraform = "", ...args] = bench.terraform.command;
    // cdktf takes no arguments with the name of the program, and no path with a space.
    const program = join(bench.scratch, "terraform");
    writeFileSync(program, `#!/bin/sh\nexec '${[terraform, ...args].join("' '")}' "$@"\n`, { mode: 0o755 });
    env = {
      ...bench.terraform.environment,
      TERRAFORM_BINARY_NAME: program,
      AWS_DEFAULT_REGION: REGION,
      CDKTF_DISABLE_PLUGIN_CACHE_ENV: "1",
      CI: "1",
    };
  }, 5 * MINUTE);
  afterAll(async () => {
    await checkout?.remove();
    await bench?.close();
  }, MINUTE);

  test("has these commands", () => {
    expect(COMMANDS).toEqual([
      "npm run lock research",
      "npx cdktf deploy research",
      "npm run client research",
      ".dask/clients/research/bin/python examples/bring-your-own/program.py research s3://my-bucket/demo",
    ]);
  });

  test("which lock, deploy, and make an environment for clients", async () => {
    const [lock = "", deploy = "", client = ""] = COMMANDS;
    // Nobody answers a question here. `terraform providers lock` asks the registry only, not the mirrors of the tests.
    const unattended = `${deploy} --auto-approve --skip-provider-lock`;
    for (const line of [BUILD_WHEEL, lock, unattended, client]) {
      const { code, output } = await checkout.shell(line, env);
      if (code !== 0) throw new Error(`${line}\nended with exit code ${code}:\n${output}`);
    }
    const { Reservations } = bench.mockAws.call<{
      Reservations: readonly { Instances: readonly { Tags: readonly { Key: string; Value: string }[] }[] }[];
    }>(REGION, "ec2", "describe_instances", {
      Filters: [{ Name: "tag:dask:cluster", Values: ["research"] }],
    });
    const names = Reservations.flatMap(({ Instances }) => Instances).map(
      ({ Tags }) => Tags.find(({ Key }) => Key === "Name")?.Value,
    );
    expect(names.sort()).toEqual(["dask-research--cpu", "dask-research--cpu", "dask-research--scheduler"]);
  });

  test("and the program asks for the cluster that was deployed, whose scheduler never starts here", async () => {
    const { code, output } = await checkout.shell(COMMANDS.at(-1) ?? "", env);
    expect({ code, last: output.trimEnd().split("\n").at(-1) }).toEqual({
      code: 1,
      last:
        "cdktf_dask.client.errors.ConnectError: the scheduler of research has stored no client certificate yet. " +
        "Hint: wait until the scheduler has booted; the output node_states shows its state",
    });
  });
});

/** The template with the changes that the document asks for. */
function environment(): string {
  const [local = ""] = new Section(DOCUMENT, "On your computer").blocks("ts");
  const [packages = ""] = /^ {2}environment: \{\n[\s\S]*?^ {2}\},$/m.exec(local) ?? [];
  const template = readFileSync("environments/template.ts", "utf8");
  return template
    .replace("const template", "const research")
    .replace(/^ {2}environment: \{\n[\s\S]*?^ {2}\},$/m, packages)
    .replace(/^ {2}data: .*$/m, `  data: { write: ["s3://${BUCKET}/demo"] },`);
}

/** The app with the stack. */
function main(): string {
  return readFileSync("main.ts", "utf8")
    .replace(/^import .*\/(baked|development|production)";\n/gm, "")
    .replace(/^new AwsStack.*\n/gm, "")
    .replace(
      "import { AwsStack }",
      'import { research } from "./environments/research";\nimport { AwsStack }',
    )
    .replace("app.synth();", 'new AwsStack(app, "research", { cluster: research });\napp.synth();');
}
