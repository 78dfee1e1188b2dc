import { AnnotationMetadataEntryType } from "cdktf";
import { baked } from "../../environments/baked";
import { development } from "../../environments/development";
import { production } from "../../environments/production";
import { DaskCluster } from "../../lib/aws/dask-cluster";
import { defineCluster } from "../../lib/config/define";
import type { ClusterDefinition, NewNetworkDefinition, PoolDefinition } from "../../lib/config/definition";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { Synthesized } from "../support/synthesized";

const OWNER =
  "NAT gateways and endpoints of an existing network are managed by its owner. Hint: remove the setting";

test.each([
  ["baked", baked],
  ["development", development],
  ["production", production],
] as const)("the example %s has no setting without effect", (_, cluster) => {
  expect(warningsOf(cluster)).toEqual([]);
});

test("an on-demand base without spot instances is without effect", () => {
  const pools = (spotPercentage: number): readonly PoolDefinition[] => [
    { name: "one", kind: "cpu" },
    { name: "two", kind: "cpu", onDemandBase: 2, spotPercentage },
  ];
  expect(warningsOf(define({}, { pools: pools(0) }))).toEqual([
    "pools[1].onDemandBase: got 2, which has no effect: with spotPercentage 0 all instances are on demand. Hint: set spotPercentage, or remove onDemandBase",
  ]);
  expect(warningsOf(define({}, { pools: pools(50) }))).toEqual([]);
});

describe("with an existing network", () => {
  test("NAT gateways per zone and endpoints are without effect", () => {
    const cluster = define({ nat: "per-zone", endpoints: true });
    expect(warningsOf(cluster, true)).toEqual([
      `network.nat: got "per-zone", which has no effect: ${OWNER}`,
      `network.endpoints: got true, which has no effect: ${OWNER}`,
    ]);
    expect(warningsOf(define({}), true)).toEqual([]);
  });

  test("endpoints are required without NAT, so there is no warning", () => {
    const image = { amiId: "ami-0123456789abcdef0" };
    const cluster = define(
      { nat: "none", endpoints: true, vpcCidr: "10.60.0.0/16" },
      { scheduler: { image, privateAddress: "10.60.1.10" }, pools: [{ name: "cpu", kind: "cpu", image }] },
    );
    expect(warningsOf(cluster, true)).toEqual([]);
  });
});

describe("facts of instance types", () => {
  const facts = { vcpus: 8, memoryMiB: 32_768 };
  const warnings = (instanceTypes: readonly string[], ...given: readonly string[]) =>
    warningsOf(
      define(
        {},
        {
          instanceTypeFacts: Object.fromEntries(given.map((type) => [type, facts])),
          pools: [{ name: "cpu", kind: "cpu", instanceTypes }],
        },
      ),
    );

  test("are not checked for a type that this version does not know", () => {
    expect(warnings(["m99.2xlarge"], "m99.2xlarge")).toEqual([
      'instanceTypeFacts["m99.2xlarge"]: got 8 vCPUs, 32768 MiB and 0 GPUs, which is not checked: this version does not know the type. Hint: compare with aws ec2 describe-instance-types --instance-types m99.2xlarge',
    ]);
  });

  test("replace those of a known type, and have no effect without a node", () => {
    expect(warnings(["m7i.2xlarge"], "m7i.2xlarge", "m99.2xlarge")).toEqual([
      expect.stringMatching(/^instanceTypeFacts\["m7i\.2xlarge"\]: .* replaces what this version knows/),
      expect.stringMatching(/^instanceTypeFacts\["m99\.2xlarge"\]: .* has no effect: no node has this type/),
    ]);
  });
});

test("a key that Dask does not know is a warning", () => {
  expect(warningsOf(define({}, { dask: { distributed: { worker: { memmory: 3 } } } }))).toEqual([
    "dask.distributed.worker.memmory: got 3, which Dask 2026.7.1 does not know. Hint: correct the spelling, or remove the key",
  ]);
});

function define(
  network: Omit<NewNetworkDefinition, "adminSubnets">,
  definition: Partial<ClusterDefinition> = {},
): ResolvedCluster {
  return defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"], ...network },
    scheduler: { privateAddress: "10.20.0.11" },
    ...definition,
  });
}

/** Warnings that synthesis prints for a cluster, in a network of its own or in an existing one. */
function warningsOf(cluster: ResolvedCluster, existing = false): readonly unknown[] {
  const warnings: unknown[] = [];
  Synthesized.of((scope) => {
    const network = { vpcId: "vpc-1", privateSubnetIds: ["subnet-1", "subnet-2"] };
    const dask = new DaskCluster(scope, "dask", { cluster, ...(existing && { network }) });
    const entries = dask.node.findAll().flatMap(({ node }) => node.metadata);
    warnings.push(
      ...entries.filter(({ type }) => type === AnnotationMetadataEntryType.WARN).map(({ data }) => data),
    );
  });
  return warnings;
}
