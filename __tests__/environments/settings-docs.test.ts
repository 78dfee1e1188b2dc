import { defineCluster } from "../../lib/config/define";
import { unknownDaskKeys } from "../../lib/config/rules/settings";
import { packageFile } from "../../lib/node/package-file";
import { planNodes } from "../../lib/node/plan";
import { fileOf } from "../node/specs";

test("the definition in docs/settings.md is valid, and has the settings that the text describes", () => {
  const [, code = ""] = /```ts\n(defineCluster.*?\n\}\));?\n```/s.exec(packageFile("docs/settings.md")) ?? [];
  const cluster = new Function("defineCluster", `return ${code}`)(defineCluster) as ReturnType<
    typeof defineCluster
  >;
  expect(unknownDaskKeys(cluster)).toEqual([]);
  const { scheduler, pools } = planNodes(cluster);
  expect(scheduler.service.variables.MODEL).toBe("large");
  expect(pools.map(({ node }) => node.service.variables.MODEL)).toEqual(["small", "large"]);
  expect(pools.map(({ node }) => fileOf(node, "/etc/dask/user.yaml").includes("12 hours"))).toEqual([
    false,
    true,
  ]);
});

test("docs/settings.md names the files of the nodes", () => {
  const text = packageFile("docs/settings.md");
  for (const path of [
    "/etc/dask/user.yaml",
    "/run/dask/variables.env",
    "/usr/local/lib/dask-node/run.sh variables",
  ])
    expect(text).toContain(path);
});
