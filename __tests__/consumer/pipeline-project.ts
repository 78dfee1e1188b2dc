import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { REQUIRED_PROVIDERS } from "../../lib/aws/aws-stack";
import { REGION } from "../support/aws-home";
import type { MockAws } from "../support/mock-aws/mock-aws";
import type { TerraformBench } from "../support/terraform/terraform";
import { Workspace } from "../support/terraform/workspace";
import { ROOT, run, runIn } from "./workspace";

/** Bucket of the state. */
export const STATES = "company-states";

const { devDependencies, version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Writes a project with a stack `research`, whose state is in S3, and installs the packed archive of this checkout. */
export function writeProject(project: string): void {
  const archive = `cdktf-dask-${version}.tgz`;
  const file = (name: string, content: string | object) =>
    writeFileSync(join(project, name), typeof content === "string" ? content : JSON.stringify(content));
  mkdirSync(join(project, "vendor"), { recursive: true });
  run(ROOT, "npm", "run", "--silent", "build");
  run(ROOT, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", join(project, "vendor"));
  const { typescript, "@types/node": node, "cdktf-cli": cli } = devDependencies;
  file("package.json", {
    name: "my-project",
    private: true,
    dependencies: { "cdktf-dask": `file:vendor/${archive}` },
    devDependencies: { typescript, "@types/node": node, "cdktf-cli": cli },
  });
  cpSync(join(__dirname, "project/tsconfig.json"), join(project, "tsconfig.json"));
  file("cdktf.json", { language: "typescript", app: "node dist/main.js", projectId: "research" });
  file(
    "main.ts",
    `import { App } from "cdktf";
    import { AwsStack, defineCluster } from "cdktf-dask";
    const cluster = defineCluster({
      name: "research",
      region: "eu-central-1",
      network: { adminSubnets: ["10.8.0.0/16"] },
      backend: { type: "s3", bucket: "${STATES}" },
      pools: [{ name: "cpu", kind: "cpu", instanceTypes: ["m7i.xlarge"], maxSize: 4 }],
      prices: { "m7i.large": 0.1, "m7i.xlarge": 0.2 },
    });
    const app = new App();
    new AwsStack(app, "research", { cluster });
    app.synth();`,
  );
  run(project, "npm", "install", "--silent", "--no-audit", "--no-fund");
  run(project, "npx", "tsc", "-p", ".");
}

/** Copies what a user commits: no packages, no compiled and no synthesized files. */
export function committed(project: string, folder: string): void {
  const left = ["node_modules", "dist", "cdktf.out", ".dask", "pipeline.out"].map((name) =>
    join(project, name),
  );
  cpSync(project, folder, { recursive: true, filter: (path) => !left.includes(path) });
}

/** Makes one filesystem mirror of several, for `terraform providers lock`. */
function oneMirror(folder: string, mirrors: Readonly<Record<string, string>>): string {
  const hashicorp = "registry.terraform.io/hashicorp";
  for (const [name, mirror] of Object.entries(mirrors)) {
    const from = join(mirror, hashicorp, name);
    // Terraform follows links to packages only: archives, and the folders of a platform.
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      const packages = entry.isDirectory() ? readdirSync(join(from, entry.name)) : [];
      const paths = entry.isDirectory()
        ? packages.map((platform) => join(entry.name, platform))
        : [entry.name];
      for (const path of paths) {
        mkdirSync(dirname(join(folder, hashicorp, name, path)), { recursive: true });
        symlinkSync(join(from, path), join(folder, hashicorp, name, path));
      }
    }
  }
  return folder;
}

/** Makes the lock file of the providers as a user does, with the packages of the bench, and returns what the script printed. */
export function lockProviders(
  project: string,
  bench: TerraformBench,
  environment: NodeJS.ProcessEnv,
): string {
  const options = [`-fs-mirror=${oneMirror(join(dirname(project), "mirror"), bench.mirrors)}`];
  const env = { ...environment, PLATFORMS: "linux_amd64" };
  runIn(project, env, "npx", "cdktf", "synth");
  return runIn(project, env, "sh", "pipeline/lock.sh", "research", ...options);
}

/**
 * Lets Terraform ignore the attributes that the mock returns with other values than AWS, so that a plan without changes is empty.
 *
 * @param stacks folder of the synthesized stacks
 */
export function ignoreMockDefects(stacks: string, { logs }: TerraformBench): void {
  const { aws, null: nothing } = REQUIRED_PROVIDERS;
  const versions = { aws: aws.version, null: nothing.version };
  new Workspace("research", join(stacks, "research"), join(logs, "research.log"), versions, "kept");
}

/** Maximum sizes of the pools in AWS. */
export function maxSizes(mockAws: MockAws): readonly number[] {
  const { AutoScalingGroups } = mockAws.call<{
    AutoScalingGroups: readonly { AutoScalingGroupName: string; MaxSize: number }[];
  }>(REGION, "autoscaling", "describe_auto_scaling_groups");
  return AutoScalingGroups.filter(({ AutoScalingGroupName }) =>
    AutoScalingGroupName.startsWith("dask-research--"),
  ).map(({ MaxSize }) => MaxSize);
}

/** Changes the maximum size of the pool behind Terraform's back. */
export function changeMaxSize(mockAws: MockAws, size: number): void {
  mockAws.call(REGION, "autoscaling", "update_auto_scaling_group", {
    AutoScalingGroupName: "dask-research--cpu",
    MaxSize: size,
  });
}
