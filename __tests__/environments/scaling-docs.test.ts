import { defineCluster } from "../../lib/config/define";
import { PORTS } from "../../lib/config/ports";
import { packageFile } from "../../lib/node/package-file";

test("the definition in docs/scaling.md is valid, and has the settings that the text describes", () => {
  const [, code = ""] =
    /```ts\nconst cluster = (defineCluster.*?\n\}\));\n```/s.exec(packageFile("docs/scaling.md")) ?? [];
  const cluster = new Function("defineCluster", `return ${code}`)(defineCluster) as ReturnType<
    typeof defineCluster
  >;
  expect(cluster.autoscaling).toMatchObject({ maxNodes: 30, maxHourlyCost: 10, onHung: "stop" });
  expect(cluster.pools.map(({ idleTimeout, targetDuration }) => [idleTimeout, targetDuration])).toEqual([
    [300, 300],
    [600, 120],
  ]);
});

test("docs/scaling.md has the port of the autoscaler's metrics", () => {
  expect(packageFile("docs/scaling.md")).toContain(`http://127.0.0.1:${PORTS.autoscaler.from}/metrics`);
});
