import { writeFileSync } from "node:fs";
import { Testing } from "cdktf";
import { AwsStack } from "../../lib/aws/aws-stack";
import { costs, costTable } from "../../lib/cli/costs/costs";
import { defineCluster } from "../../lib/config/define";
import { LOCK_REQUESTS } from "../../lib/node/packages/lock-request";
import { failure } from "../local/definitions";
import { testDirectory } from "../support/directory";
import { testApp } from "../support/synthesized";

/** The prices are invented. */
const cluster = defineCluster({
  name: "analytics",
  region: "eu-west-1",
  network: { adminSubnets: ["10.0.0.0/16"] },
  scheduler: { instanceType: "m7i.large" },
  pools: [
    { name: "cpu", kind: "cpu", instanceTypes: ["m7i.xlarge", "m6i.xlarge"], minSize: 1, maxSize: 10 },
    { name: "gpu", kind: "gpu", instanceTypes: ["g6.xlarge"], minSize: 0, desiredSize: 0, maxSize: 2 },
  ],
  prices: { "m7i.large": 0.1, "m7i.xlarge": 0.2, "m6i.xlarge": 0.25, "g6.xlarge": 1.5 },
});

const TABLE = [
  "analytics in eu-west-1: USD an hour, on demand, without disks, network and other services",
  "",
  "NODES      TYPE        USD/h EACH  MIN        DESIRED    MAX",
  "scheduler  m7i.large   0.100       0.100 (1)  0.100 (1)  0.100 (1)",
  "pool cpu   m6i.xlarge  0.250       0.250 (1)  0.250 (1)  2.500 (10)",
  "pool gpu   g6.xlarge   1.500       0.000 (0)  0.000 (0)  3.000 (2)",
  "all                                0.350      0.350      5.600",
];

test("the table has the cost of the scheduler and of each pool, with its most expensive type", () => {
  expect(costTable(cluster)).toEqual(TABLE);
});

test("a price that is not known is named with what adds it, and no sum has it", () => {
  const { "m6i.xlarge": _, ...prices } = cluster.prices;
  const lines = costTable({ ...cluster, prices });
  expect(lines.slice(4)).toEqual([
    "pool cpu   unknown    unknown     unknown (1)  unknown (1)  unknown (10)",
    "pool gpu   g6.xlarge  1.500       0.000 (0)    0.000 (0)    3.000 (2)",
    "all                               unknown      unknown      unknown",
    "",
    "price of m6i.xlarge in eu-west-1: not known",
    "Hint: add prices: { \"m6i.xlarge\": USD } to the definition, or run 'npm run prices -- eu-west-1' in a checkout of cdktf-dask and pack it",
  ]);
});

describe("the command", () => {
  const directory = testDirectory("costs");
  const before = process.cwd();
  const context = { log: () => {}, signal: new AbortController().signal };
  const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);

  beforeAll(() => {
    const json = Testing.synth(new AwsStack(testApp(), "research", { cluster }));
    process.chdir(directory);
    writeFileSync("research.json", json);
    // A stack in another region has a cluster with the same name.
    const other = { ...cluster, region: "us-east-1", pools: [] };
    const requests = [other, cluster].map((definition) =>
      JSON.stringify({ cluster: definition.name, region: definition.region, definition }),
    );
    writeFileSync("request", `${requests.join("\n")}\n`);
    // Stands for the app of the user, whose stack and cluster have different names.
    writeFileSync(
      "app.cjs",
      `const { cpSync, mkdirSync } = require("node:fs");
      mkdirSync(process.env.CDKTF_OUTDIR + "/stacks/research", { recursive: true });
      cpSync("research.json", process.env.CDKTF_OUTDIR + "/stacks/research/cdk.tf.json");
      cpSync("request", process.env.${LOCK_REQUESTS});`,
    );
    writeFileSync("cdktf.json", '{ "app": "node app.cjs" }');
  });
  beforeEach(() => written.mockClear());
  afterAll(() => {
    process.chdir(before);
    written.mockRestore();
  });

  test("prints the table of the cluster of a stack", async () => {
    await costs(context, "research");
    expect(written.mock.calls).toEqual([[`${TABLE.join("\n")}\n`]]);
  });

  test("rejects an unknown stack", async () => {
    expect(await failure(() => costs(context, "analytics"))).toBe(
      'stack: got "analytics", expected research. Hint: the name is that of the stack in the app',
    );
    expect(written.mock.calls).toEqual([]);
  });
});
