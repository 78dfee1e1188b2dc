import { baked } from "../../environments/baked";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { defineCluster } from "../../lib/config/define";
import { type Block, Synthesized, testApp } from "../support/synthesized";
import { alarmMetrics, costTable, fixed, PRICES, pools } from "./costs";
import { need, quotaTable, vcpus } from "./quotas";
import { WrittenTable } from "./written-table";

const EXAMPLES = { development, production, baked };

describe("tables of the example environments in the docs", () => {
  test.each([
    ["before-deploying.md", "quotas", quotaTable],
    ["costs.md", "costs", costTable],
  ] as const)("docs/%s has the %s of the definitions: npm run docs:tables writes them", (file, name, of) => {
    const written = new WrittenTable(file, name);
    const text = of(EXAMPLES);
    if (process.env.TABLES === "write") written.write(text);
    expect(written.text).toBe(text);
  });

  test("the prices are those of the examples' region", () => {
    expect(Object.values(EXAMPLES).map(({ region }) => region)).toEqual(Array(3).fill(PRICES.region));
  });
});

describe("quotas", () => {
  const cluster = defineCluster({
    name: "test",
    region: "eu-central-1",
    network: { adminSubnets: ["10.0.0.0/16"] },
    scheduler: { instanceType: "m7i.xlarge" },
    pools: [
      {
        name: "cpu",
        kind: "cpu",
        instanceTypes: ["m7i.large", "m7i.4xlarge"],
        desiredSize: 3,
        maxSize: 10,
        onDemandBase: 1,
        spotPercentage: 75,
      },
      { name: "gpu", kind: "gpu", instanceTypes: ["g6.xlarge"], desiredSize: 0, maxSize: 2 },
    ],
  });

  // Of 3 instances 1 is the base, and a quarter of the other 2, rounded up, is on demand; each may have 16 vCPUs.
  test.each([
    ["on-demand", "Standard", { atFirst: 4 + 2 * 16, atMost: 4 + 4 * 16 }],
    ["spot", "Standard", { atFirst: 16, atMost: 6 * 16 }],
    ["on-demand", "G and VT", { atFirst: 0, atMost: 8 }],
    ["spot", "G and VT", { atFirst: 0, atMost: 0 }],
    ["on-demand", "P", { atFirst: 0, atMost: 0 }],
  ] as const)("%s, %s", (purchase, families, expected) => {
    expect(need(cluster, purchase, families)).toEqual(expected);
  });

  test("count the instances that build images", () => {
    expect(need({ ...cluster, bakedImages: true }, "on-demand", "G and VT").atFirst).toBe(4);
  });

  test.each([
    ["m7i.large", 2],
    ["g6.xlarge", 4],
    ["m6id.4xlarge", 16],
  ])("%s has %d vCPUs", (type, count) => {
    expect(vcpus(type)).toBe(count);
  });

  test("reject an unknown size", () => {
    expect(() => vcpus("m7i.metal-24xl")).toThrow("m7i.metal-24xl");
  });
});

test("a NAT gateway in each zone costs more than one", () => {
  const perZone = { ...production, network: { ...production.network, nat: "single" as const } };
  expect(fixed(production) - fixed(perZone)).toBeCloseTo(730 * (0.052 + 0.005), 5);
});

test("alarms cost by the metrics that they have", () => {
  const metrics = ({ metric_query }: Block) => (Array.isArray(metric_query) ? metric_query.length - 1 : 1);
  const alarms = new Synthesized(new AwsStack(testApp(), "production", { cluster: production })).resources(
    "aws_cloudwatch_metric_alarm",
  );
  expect(alarms.map(metrics).reduce((total, count) => total + count, 0)).toBe(10);
  expect(alarmMetrics(production)).toBe(10);
  const { autoscaling, monitoring, ...without } = production;
  expect(autoscaling).toBeDefined();
  expect(monitoring).toBeDefined();
  expect(alarmMetrics(without)).toBe(0);
});

test("the cost of a pool is proportional to its maximum size", () => {
  const [cpu] = development.pools;
  if (cpu === undefined) throw new Error("development has no pool");
  const doubled = { ...development, pools: [{ ...cpu, maxSize: 2 * cpu.maxSize }] };
  expect(pools(doubled)).toBeCloseTo(2 * pools(development), 5);
});
