import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run, withDirectory } from "./workspace";

const { devDependencies, version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

test(
  "a project elsewhere installs the packed package, type-checks and synthesizes a stack of its own",
  () =>
    withDirectory("consumer", (directory) => {
      run(ROOT, "npm", "run", "--silent", "build");
      run(ROOT, "npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", directory);
      cpSync(join(__dirname, "project"), directory, { recursive: true });
      writeFileSync(
        join(directory, "package.json"),
        JSON.stringify(project(`file:cdktf-dask-${version}.tgz`)),
      );
      run(directory, "npm", "install", "--silent", "--no-audit", "--no-fund");

      run(directory, "npx", "tsc", "-p", ".");
      run(directory, "node", "dist/main.js");

      expect(readdirSync(join(directory, "cdktf.out/stacks")).sort()).toEqual(["laptop", "research"]);
      const { resource } = JSON.parse(
        readFileSync(join(directory, "cdktf.out/stacks/research/cdk.tf.json"), "utf8"),
      );
      expect(Object.values(resource.aws_vpc)).toEqual([
        expect.objectContaining({ cidr_block: "10.20.0.0/16" }),
      ]);
      const [group] = Object.values<Record<string, unknown>>(resource.aws_autoscaling_group);
      expect(group).toMatchObject({ name: "research-bulk", max_size: 3 });
      // User data came from the package's own files.
      const [template] = Object.values<Record<string, string>>(resource.aws_launch_template);
      expect(Buffer.from(template?.user_data ?? "", "base64").subarray(0, 2)).toEqual(
        Buffer.from([0x1f, 0x8b]),
      );
    }),
  600_000,
);

function project(cdktfDask: string) {
  const pinned = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, devDependencies[name]]));
  return {
    name: "consumer",
    private: true,
    dependencies: {
      "cdktf-dask": cdktfDask,
      ...pinned("cdktf", "constructs", "@cdktf/provider-aws", "@cdktf/provider-null"),
    },
    devDependencies: pinned("typescript", "@types/node"),
  };
}
