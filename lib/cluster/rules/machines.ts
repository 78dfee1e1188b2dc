import type { Fault } from "../faults";
import { hasUsableGpu, instanceTypeFacts } from "../instance-types";
import { eachPool, faultIf, type Rule } from "./rule";

/** Each pool's machines can do what the pool is for. */
export const instanceTypes: Rule = eachPool((pool, path) =>
  pool.instanceTypes.flatMap((type, index) => {
    const at = { path: `${path}.instanceTypes[${index}]`, value: type };
    return [
      ...instanceTypeFaults(at.path, type, pool.kind === "gpu"),
      ...faultIf(pool.instanceTypes.indexOf(type) < index, {
        ...at,
        allowed: "each instance type once",
        remedy: "take the second mention out",
      }),
    ];
  }),
);

/** A pool that spills to the instance store has one on every instance type. */
export const instanceStore: Rule = eachPool(({ spill, instanceTypes }, path) => {
  const without = instanceTypes.filter((type) => instanceTypeFacts(type)?.disks === 0);
  return faultIf(spill.on === "instance-store" && without.length > 0, {
    path: `${path}.spill.on`,
    value: spill.on,
    allowed: `ebs, as ${without.join(", ")} has no instance store`,
    remedy: "spill to ebs, or name instance types with NVMe disks such as m6id.2xlarge",
  });
});

/** The scheduler has a GPU where it speaks UCX, and none elsewhere. */
export const schedulerType: Rule = ({ scheduler, ucx }) =>
  instanceTypeFaults("scheduler.instanceType", scheduler.instanceType, ucx).map((fault) =>
    ucx && !fault.allowed.startsWith("an instance type in") && scheduler.instanceType !== ""
      ? {
          ...fault,
          remedy: "with UCX the scheduler needs a GPU: name a type such as g6.xlarge, or turn ucx off",
        }
      : fault,
  );

function instanceTypeFaults(path: string, type: string, wantsGpu: boolean): readonly Fault[] {
  const facts = instanceTypeFacts(type);
  const at = { path, value: type };
  if (facts === undefined) {
    return [
      {
        ...at,
        allowed: "an instance type in EC2's list",
        remedy: "correct the spelling; a newer type is added by scripts/instance_types.py",
      },
    ];
  }
  if (facts.architecture !== "x86_64") {
    return [
      {
        ...at,
        allowed: "an x86_64 instance type: the release locks hold x86_64 wheels",
        remedy: "name its x86_64 sibling, such as m7i for m7g",
      },
    ];
  }
  if (wantsGpu && !hasUsableGpu(facts)) {
    return [
      {
        ...at,
        allowed: "an instance type with an NVIDIA GPU of Turing or later",
        remedy: "name a type such as g6.xlarge, or make this a CPU pool",
      },
    ];
  }
  if (!wantsGpu && facts.gpus > 0) {
    return [
      {
        ...at,
        allowed: "an instance type without a GPU, which nothing here would use",
        remedy: "name a type such as m7i.2xlarge, or make this a GPU pool",
      },
    ];
  }
  return [];
}
