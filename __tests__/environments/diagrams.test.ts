import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Testing } from "cdktf";
import { baked } from "../../environments/baked";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { mermaid } from "../../lib/diagram/mermaid";
import { readDiagram } from "../../lib/diagram/model";
import { svg } from "../../lib/diagram/svg";
import { packageRoot } from "../../lib/node/package-file";
import { testApp } from "../support/synthesized";

describe.each([development, production, baked])("the diagram of $name", (cluster) => {
  const diagram = readDiagram(Testing.synth(new AwsStack(testApp(), cluster.name, { cluster })));

  // After a change: npm run docs:tables
  test.each([
    ["svg", async () => svg(diagram)],
    ["mmd", async () => mermaid(diagram)],
  ])("is up to date as %s", async (ending, draw) => {
    const file = join(packageRoot(), "docs/diagrams", `${cluster.name}.${ending}`);
    const drawn = await draw();
    if (process.env.TABLES === "write") writeFileSync(file, drawn);
    expect(readFileSync(file, "utf8")).toBe(drawn);
  });
});
