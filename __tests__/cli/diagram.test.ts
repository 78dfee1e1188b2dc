import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Testing } from "cdktf";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { diagram } from "../../lib/cli/diagram/diagram";
import { defineCluster } from "../../lib/config/define";
import { dot } from "../../lib/diagram/dot";
import { mermaid } from "../../lib/diagram/mermaid";
import { readDiagram } from "../../lib/diagram/model";
import { svg } from "../../lib/diagram/svg";
import { failure } from "../local/definitions";
import { testDirectory } from "../support/directory";
import { testApp } from "../support/synthesized";

const JSON_OF_PRODUCTION = Testing.synth(new AwsStack(testApp(), "production", { cluster: production }));
const PRODUCTION = readDiagram(JSON_OF_PRODUCTION);

describe("the diagram of a stack", () => {
  test("has network, nodes, ports and services of the synthesized JSON", () => {
    expect(PRODUCTION).toEqual({
      cluster: "production",
      network: {
        title: "VPC 10.30.0.0/16",
        zones: [
          "eu-central-1a, with NAT gateway",
          "private 10.30.0.0/19",
          "public 10.30.224.0/22",
          "eu-central-1b, with NAT gateway",
          "private 10.30.32.0/19",
          "public 10.30.228.0/22",
        ],
      },
      scheduler: { instanceType: "m7i.xlarge", diskGiB: 100, address: "10.30.0.10" },
      pools: [
        {
          name: "cpu",
          minSize: 0,
          maxSize: 40,
          instanceTypes: ["m6id.4xlarge", "m5d.4xlarge", "r6id.4xlarge"],
          spotPercentage: 80,
          onDemandBase: 0,
        },
        {
          name: "gpu",
          minSize: 0,
          maxSize: 8,
          instanceTypes: ["g6.2xlarge", "g5.2xlarge"],
          spotPercentage: 50,
          onDemandBase: 0,
        },
      ],
      connections: [
        {
          from: "administrators",
          to: "scheduler",
          ports: ["scheduler 8786", "dashboard 8787"],
          blocks: ["10.0.0.0/16", "192.168.10.0/24"],
        },
        { from: "workers", to: "scheduler", ports: ["scheduler 8786"], blocks: [] },
        {
          from: "scheduler",
          to: "workers",
          ports: ["worker dashboard 8790", "worker 9000–9063", "nanny 9100–9163", "ephemeral 32768–40959"],
          blocks: [],
        },
        { from: "workers", to: "workers", ports: ["worker 9000–9063"], blocks: [] },
      ],
      services: [
        { id: "key", title: "KMS key", lines: ["disks, secrets, logs"], users: [] },
        {
          id: "secrets",
          title: "Secrets Manager",
          lines: ["authority", "client", "dashboard", "worker"],
          users: ["scheduler", "workers"],
        },
        {
          id: "bucket",
          title: "S3 bucket",
          lines: ["bundles of the nodes"],
          users: ["scheduler", "workers"],
        },
        { id: "logs", title: "CloudWatch Logs", lines: ["flow-logs", "nodes"], users: [] },
        { id: "zone", title: "private zone", lines: ["production.internal"], users: ["workers"] },
      ],
    });
  });

  test("of a cluster without TLS has no secrets and no administrators", () => {
    const { services, connections } = read({ tls: false });
    expect(services.map(({ id }) => id)).not.toContain("secrets");
    expect(connections.map(({ from }) => from)).not.toContain("administrators");
  });

  test("of a cluster in an existing network names its VPC and its subnets", () => {
    const { network } = read({
      network: {
        adminSubnets: ["10.0.0.0/16"],
        vpcId: "vpc-0123456789abcdef0",
        privateSubnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
      },
    });
    expect(network).toEqual({
      title: "existing VPC vpc-0123456789abcdef0",
      zones: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    });
  });

  test("shows the share of spot instances beyond those on demand", () => {
    const diagram = read({ pools: [{ name: "end", kind: "cpu", onDemandBase: 2, spotPercentage: 100 }] });
    expect(mermaid(diagram)).toContain(
      'pool1["<b>pool end</b><br/>0–10 instances<br/>100 % spot, beyond 2 on demand<br/>',
    );
  });

  test("leaves out other resources of the stack", () => {
    const { resource, ...rest } = JSON.parse(JSON_OF_PRODUCTION);
    const other = {
      aws_autoscaling_group: { web: { name: "web" } },
      aws_instance: { bastion: { instance_type: "t3.nano" } },
      aws_kms_key: { data: { description: "data" } },
      aws_secretsmanager_secret: { db: { name: "prod/db" } },
      aws_s3_bucket: { data: { bucket_prefix: "data-" } },
      aws_cloudwatch_log_group: { web: { name: "/web" } },
      aws_route53_zone: { web: { name: "example.com" } },
      aws_vpc_security_group_ingress_rule: { web: { description: "web", from_port: 80, to_port: 80 } },
    };
    for (const [type, blocks] of Object.entries(other)) Object.assign(resource[type], blocks);
    expect(readDiagram(JSON.stringify({ ...rest, resource }))).toEqual(PRODUCTION);
  });

  test("needs one cluster", () => {
    expect(() => readDiagram("{}")).toThrow("got 0 Dask clusters on AWS in the stack, expected one");
  });
});

describe("the SVG", () => {
  test("is drawn from a description of boxes and arrows", () => {
    const lines = dot(PRODUCTION).split("\n");
    expect(lines).toContain(
      '"pool gpu" [label="pool gpu\\n0–8 instances\\n50 % spot\\ng6.2xlarge\\ng5.2xlarge", color="#ED7100"];',
    );
    expect(lines).toContain('"administrators" -> "scheduler" [label="scheduler 8786\\ndashboard 8787"];');
    expect(lines).toContain('"pool cpu" -> "scheduler" [ltail=cluster_pools, label="scheduler 8786"];');
  });

  test("is the same each time, and refers to nothing outside", async () => {
    const drawn = await svg(PRODUCTION);
    expect(drawn).toMatch(/^<svg width="\d+pt" height="\d+pt"/);
    expect(await svg(readDiagram(JSON_OF_PRODUCTION))).toBe(drawn);
    expect(drawn).not.toMatch(/DOCTYPE|href=|url\(|@import/);
    const texts = [...drawn.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(texts).toEqual(
      expect.arrayContaining(["pool cpu", "0–40 instances", "80 % spot", "VPC 10.30.0.0/16"]),
    );
  });

  test("escapes what a name may contain", async () => {
    const strange = { ...PRODUCTION, network: { title: 'a "b" & <c> \\', zones: [] } };
    expect(await svg(strange)).toContain("a &quot;b&quot; &amp; &lt;c&gt; \\");
    expect(mermaid(strange)).toContain('subgraph network ["a #quot;b#quot; & <c> \\"]');
  });
});

describe("the command", () => {
  const directory = testDirectory("diagram");
  const before = process.cwd();
  const context = { log: () => {}, signal: new AbortController().signal };
  const written = jest.spyOn(process.stdout, "write").mockReturnValue(true);

  beforeAll(() => {
    process.chdir(directory);
    writeFileSync(join(directory, "production.json"), JSON_OF_PRODUCTION);
    // Stands for the app of the user: writes two stacks as cdktf does.
    writeFileSync(
      "app.cjs",
      `const { cpSync, mkdirSync, writeFileSync } = require("node:fs");
      for (const name of ["local", "production"]) mkdirSync(process.env.CDKTF_OUTDIR + "/stacks/" + name, { recursive: true });
      cpSync("production.json", process.env.CDKTF_OUTDIR + "/stacks/production/cdk.tf.json");
      writeFileSync(process.env.CDKTF_OUTDIR + "/stacks/local/cdk.tf.json", "{}");`,
    );
    writeFileSync("cdktf.json", '{ "app": "node app.cjs" }');
  });
  beforeEach(() => written.mockClear());
  afterAll(() => {
    process.chdir(before);
    written.mockRestore();
  });

  test.each([
    ["svg", () => svg(PRODUCTION)],
    ["mermaid", async () => mermaid(PRODUCTION)],
  ])("prints %s", async (format, draw) => {
    await diagram(context, "production", format);
    expect(written.mock.calls.map(([text]) => text)).toEqual([await draw()]);
  });

  test.each([
    [
      "staging",
      "svg",
      'stack: got "staging", expected local, production. Hint: the name is that of the stack in the app',
    ],
    [
      "local",
      "svg",
      "stack local: got 0 Dask clusters on AWS in the stack, expected one. Hint: name a stack with one cluster on AWS",
    ],
    ["production", "png", "--format: got png, expected svg or mermaid. Hint: svg is the default"],
  ])("rejects %s as %s", async (stack, format, message) => {
    expect(await failure(() => diagram(context, stack, format))).toBe(message);
    expect(written.mock.calls).toEqual([]);
  });
});

function read(definition: object) {
  const network = { adminSubnets: ["10.0.0.0/16"] };
  const cluster = defineCluster({ name: "test", region: "eu-west-1", network, ...definition });
  return readDiagram(Testing.synth(new AwsStack(testApp(), "test", { cluster })));
}
