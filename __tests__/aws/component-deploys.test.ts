import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { Synthesized, testApp } from "../support/synthesized";

/**
 * Terraform changes what differs from its state, so a deployment with a changed pool touches no other component. The
 * text of a resource that refers to a changed resource is the same here; the plan updates it: a group with its launch
 * template, the pools with their scheduler.
 */
describe("a deployment after a change", () => {
  test("of one pool touches no resource of another component", () => {
    const pools = production.pools.map((pool) => (pool.name === "gpu" ? { ...pool, diskGiB: 250 } : pool));
    expect(touched({ ...production, pools })).toEqual(["aws_launch_template cluster_pools_gpu_template"]);
  });

  test("of a pool's size touches its group and the settings of the autoscaler", () => {
    const pools = production.pools.map((pool) => (pool.name === "cpu" ? { ...pool, maxSize: 41 } : pool));
    expect(touched({ ...production, pools })).toEqual([
      "aws_autoscaling_group cluster_pools_cpu",
      "aws_s3_object cluster_autoscaler",
    ]);
  });

  test("of the scheduler touches the scheduler", () => {
    const scheduler = { ...production.scheduler, instanceType: "m7i.2xlarge" };
    expect(touched({ ...production, scheduler })).toEqual(["aws_instance cluster_scheduler"]);
  });

  test("that adds a pool touches no other pool", () => {
    const [cpu] = production.pools;
    if (cpu === undefined) throw new Error("production has no pool");
    const added = touched({ ...production, pools: [...production.pools, { ...cpu, name: "more" }] });
    expect(added.filter((resource) => /_pool(s|-roles)_(cpu|gpu)(_|$)/.test(resource))).toEqual([]);
    expect(added).toContain("aws_autoscaling_group cluster_pools_more");
  });
});

/** Resources that differ in a changed cluster, by type and name. */
function touched(changed: ResolvedCluster): readonly string[] {
  const [before, after] = [production, changed].map(resources);
  return [...(after ?? [])]
    .filter(([name, text]) => before?.get(name) !== text)
    .map(([name]) => name)
    .sort();
}

function resources(cluster: ResolvedCluster): ReadonlyMap<string, string> {
  const { text } = new Synthesized(new AwsStack(testApp(), "production", { cluster }));
  const { resource } = JSON.parse(text) as { resource: Record<string, Record<string, object>> };
  return new Map(
    Object.entries(resource).flatMap(([type, blocks]) =>
      Object.entries(blocks).map(
        ([id, block]) => [`${type} ${id.replace(/_[0-9A-F]{8}$/, "")}`, JSON.stringify(block)] as const,
      ),
    ),
  );
}
