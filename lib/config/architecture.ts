import type { Architecture } from "./definition";
import { factsOf } from "./instance-types";
import type { Pool, Scheduler } from "./resolved-cluster";

/** Returns the architecture of the scheduler's node, or of the nodes of a pool: that of the first instance type. */
export function architectureOf(node: Scheduler | Pool): Architecture {
  const type = "instanceType" in node ? node.instanceType : (node.instanceTypes[0] ?? "");
  return factsOf(node, type)?.architecture === "arm64" ? "arm64" : "x86_64";
}
