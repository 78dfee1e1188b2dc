import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, run } from "./workspace";

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
export function oneMirror(folder: string, mirrors: Readonly<Record<string, string>>): string {
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

/**
 * Writes commands into a folder for the PATH: Terraform, and a double of `gh` that keeps comments in a file. It stands for
 * GitHub's API, as far as the workflow uses it: list, change and create comments.
 */
export function writeCommands(bin: string, terraform: readonly string[]): void {
  mkdirSync(bin, { recursive: true });
  const command = (name: string, script: string) => writeFileSync(join(bin, name), script, { mode: 0o755 });
  // By its path: a name would find this command again, and again.
  const [name = "", ...options] = terraform;
  const program = execFileSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim();
  command("terraform", `#!/bin/sh\nexec '${[program, ...options].join("' '")}' "$@"\n`);
  command(
    "gh",
    `#!/usr/bin/env node
    const { existsSync, readFileSync, writeFileSync } = require("node:fs");
    const file = ${JSON.stringify(join(bin, "comments.json"))};
    const words = process.argv.slice(2);
    const comments = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
    const after = (option) => words[words.indexOf(option) + 1];
    const path = words.find((word) => word.startsWith("repos/"));
    if (process.env.GH_TOKEN !== "token") throw new Error("no token");
    if (words.includes("--jq")) {
      const filter = /^\\.\\[\\] \\| select\\(\\.user\\.login == "(.*)" and \\(\\.body \\| startswith\\("(.*)"\\)\\)\\) \\| \\.id$/;
      const [, login, marker] = filter.exec(after("--jq"));
      for (const { id, user, body } of comments)
        if (user.login === login && body.startsWith(marker)) console.log(id);
    } else {
      const body = readFileSync(after("--field").replace("body=@", ""), "utf8");
      const id = after("--method") === "PATCH" ? Number(path.split("/").at(-1)) : comments.length + 1;
      comments[id - 1] = { id, user: { login: "github-actions[bot]" }, body };
      writeFileSync(file, JSON.stringify(comments));
    }`,
  );
}
