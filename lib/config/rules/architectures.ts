import { architectureOf } from "../architecture";
import { factsOf } from "../instance-types";
import type { Pool } from "../resolved-cluster";
import { eachPool, issueIf, type Rule } from "./rule";

/** The instance types of a pool share one architecture, because its nodes start from one image. */
export const oneArchitecture: Rule = eachPool((pool, path) => {
  const [first, ...others] = cpuTypes(pool);
  const other = others.find(({ architecture }) => architecture !== first?.architecture);
  if (first === undefined || other === undefined) return [];
  const index = pool.instanceTypes.indexOf(other.type);
  return [
    {
      path: `${path}.instanceTypes[${index}]`,
      value: other.type,
      expected: `an ${first.architecture} instance type like ${first.type}, because all nodes of a pool start from one image`,
      hint: "make a pool for each architecture",
    },
  ];
});

/** Instance types that a CPU pool can have. Types of GPU pools are x86_64 by the rule `instanceTypes`. */
function cpuTypes(pool: Pool): readonly { readonly type: string; readonly architecture: string }[] {
  return pool.instanceTypes.flatMap((type) => {
    const facts = factsOf(pool, type);
    const possible = facts !== undefined && pool.kind === "cpu" && facts.gpus === 0 && !facts.dedicatedHosts;
    return possible ? [{ type, architecture: facts.architecture }] : [];
  });
}

/** Nodes for arm64 do not have the image `deep-learning`. That GPU nodes are x86_64 is part of the rule `instanceTypes`. */
export const imageForArchitecture: Rule = ({ scheduler, pools }) => {
  const nodes = [
    { path: "scheduler.image", node: scheduler },
    ...pools.flatMap((node, index) => (node.kind === "cpu" ? [{ path: `pools[${index}].image`, node }] : [])),
  ];
  return nodes.flatMap(({ path, node }) =>
    issueIf(node.image === "deep-learning" && architectureOf(node) === "arm64", {
      path,
      value: node.image,
      expected: "ubuntu or an AMI for arm64: deep-learning is the x86_64 image of GPU nodes",
      hint: "remove the image, or name x86_64 instance types",
    }),
  );
};
