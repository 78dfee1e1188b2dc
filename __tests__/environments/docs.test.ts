import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { Commands } from "../../lib/aws/commands";
import { packageRoot } from "../../lib/node/package-file";
import { planNodes } from "../../lib/node/plan";
import { pages } from "../support/pages";
import { Synthesized, testApp } from "../support/synthesized";

const ROOT = packageRoot();

const textOf = (file: string) => readFileSync(join(ROOT, file), "utf8");

describe.each(pages())("%s", (file) => {
  test("links to files and headings that exist", () => {
    const links = [...textOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
    const inside = links.filter((link) => !/^[a-z]+:/.test(link));
    const broken = inside.filter((link) => {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? file : relative(ROOT, join(ROOT, dirname(file), path));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test("has shell commands that Bash can parse", () => {
    const blocks = [...textOf(file).matchAll(/^ *```sh\n(.*?)^ *```/gms)].map(([, block = ""]) => block);
    if (file === "README.md") expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) {
      const { stderr } = spawnSync("bash", ["-n"], { input: block, encoding: "utf8", timeout: 10_000 });
      expect({ block, stderr }).toEqual({ block, stderr: "" });
    }
  });
});

test("the README names outputs that a stack has", () => {
  const { outputs } = new Synthesized(new AwsStack(testApp(), "production", { cluster: production }));
  const named = [...textOf("README.md").matchAll(/`([a-z]+(?:_(?:[a-z]+|<pool>))+)`/g)].map(([, name = ""]) =>
    name.replace("<pool>", "cpu"),
  );
  expect(named).toEqual(expect.arrayContaining(["tunnel_dashboard", "client_bundle", "scale_cpu"]));
  expect(named.filter((name) => !(name in outputs))).toEqual([]);
});

test("docs/operating.md has the commands of the AWS CLI", () => {
  const commands = new Commands(production, planNodes(production));
  const scheduler = / --target (\$\(.*?\)) --document/.exec(commands.logsOfScheduler)?.[1] ?? "";
  const first = / --target (\$\(.*?\)) --document/.exec(commands.pools.gpu?.logs ?? "")?.[1] ?? "";
  expect([scheduler, first].join()).toMatch(/describe-instances.*describe-auto-scaling-groups/);
  const written = textOf("docs/operating.md")
    .replaceAll(/ \\\n +/g, " ")
    .replaceAll("$REGION", "eu-central-1")
    .replaceAll("$CLUSTER", "production")
    .replaceAll("$POOL", "gpu");
  expect(written).toContain(`SCHEDULER=${scheduler}\n`);
  expect(written).toContain(`FIRST=${first}\n`);
  for (const command of [
    commands.nodeStates,
    commands.bootLogOfScheduler,
    commands.logsOfScheduler,
    commands.tunnelScheduler,
    commands.tunnelDashboard,
    commands.dashboardPassword,
    commands.renewCertificates,
    commands.rotateDashboardPassword,
    commands.smokeTest,
    commands.pools.gpu?.logs,
  ])
    expect(written).toContain(`${command?.replace(scheduler, "$SCHEDULER").replace(first, "$FIRST")}\n`);
  expect(written).toContain(`${commands.pools.gpu?.scale.replace(/\d+$/, "3")}\n`);
});

/** Anchors that GitHub gives the headings of a file. */
function anchorsOf(file: string): readonly string[] {
  return [...textOf(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^a-z0-9 _-]/g, "")
      .replaceAll(" ", "-"),
  );
}
