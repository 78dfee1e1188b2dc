import type { Image } from "../definition";
import { factsOf, hasUsableGpu, type InstanceTypeFacts } from "../instance-types";
import type { ResolvedCluster } from "../resolved-cluster";
import type { ValidationIssue } from "../validation-error";
import { eachPool, issueIf, type Rule } from "./rule";

/** The instance types of each pool exist, can run its workers, and are listed once. */
export const instanceTypes: Rule = eachPool((pool, path) =>
  pool.instanceTypes.flatMap((type, index) => {
    const at = { path: `${path}.instanceTypes[${index}]`, value: type };
    return [
      ...instanceTypeIssues(at.path, type, factsOf(pool, type), pool.kind === "gpu"),
      ...issueIf(pool.instanceTypes.indexOf(type) < index, {
        ...at,
        expected: "each instance type once",
        hint: "remove the duplicate",
      }),
    ];
  }),
);

/** If a pool spills to the instance store, every instance type has one. */
export const instanceStore: Rule = eachPool((pool, path) => {
  const { spill, instanceTypes } = pool;
  const without = instanceTypes.filter((type) => factsOf(pool, type)?.disks === 0);
  return issueIf(spill.storage === "instance-store" && without.length > 0, {
    path: `${path}.spill.storage`,
    value: spill.storage,
    expected: `ebs, because ${without.join(", ")} has no instance store`,
    hint: "spill to ebs, or name instance types with NVMe disks such as m6id.2xlarge",
  });
});

/** If a pool has spot instances, EC2 offers all of its instance types as spot. */
export const spotTypes: Rule = eachPool((pool, path) => {
  const { spotPercentage, instanceTypes } = pool;
  const onDemandOnly = instanceTypes.filter((type) => factsOf(pool, type)?.spot === false);
  return issueIf(spotPercentage > 0 && onDemandOnly.length > 0, {
    path: `${path}.spotPercentage`,
    value: spotPercentage,
    expected: `0, because EC2 offers ${onDemandOnly.join(", ")} only on demand`,
    hint: "set spotPercentage: 0, or remove these instance types from the pool",
  });
});

/** The scheduler has a GPU if and only if the cluster uses UCX. */
export const schedulerType: Rule = ({ scheduler, ucx }) =>
  instanceTypeIssues(
    "scheduler.instanceType",
    scheduler.instanceType,
    factsOf(scheduler, scheduler.instanceType),
    ucx,
  ).map((issue) =>
    issue.expected === USABLE_GPU
      ? {
          ...issue,
          hint: "with UCX the scheduler needs a GPU: name a type such as g6.xlarge, or turn ucx off",
        }
      : issue,
  );

const USABLE_GPU = "an instance type with an NVIDIA GPU of Turing or later";

/** Returns the first reason why a node cannot have an instance type, if there is one. */
function instanceTypeIssues(
  path: string,
  type: string,
  facts: InstanceTypeFacts | undefined,
  wantsGpu: boolean,
): readonly ValidationIssue[] {
  const reason = facts === undefined ? UNKNOWN : (unfit(facts) ?? mismatch(facts, wantsGpu));
  return reason === undefined ? [] : [{ path, value: type, ...reason }];
}

type Reason = Pick<ValidationIssue, "expected" | "hint">;

const UNKNOWN: Reason = {
  expected: "an instance type in EC2's list",
  hint: "correct the spelling, or give the facts of a newer type in instanceTypeFacts",
};

/** Returns why no node can have an instance type. */
function unfit(facts: InstanceTypeFacts): Reason | undefined {
  if (facts.dedicatedHosts)
    return {
      expected: "an instance type that runs without a Dedicated Host",
      hint: "name a type such as m7i.2xlarge",
    };
  if (!facts.nitro)
    return {
      expected:
        "an instance type of the Nitro System: nodes expect NVMe devices and EBS with dedicated bandwidth",
      hint: "name a newer type, such as m7i for m4, t3 for t2 or i4i for i3",
    };
  if (facts.accelerator !== undefined)
    return {
      expected: `an instance type without an accelerator that Dask cannot use: this one has ${facts.accelerator}`,
      hint: "name a type such as m7i.2xlarge, or g6.xlarge in a GPU pool",
    };
  // A fraction of a GPU is an NVIDIA vGPU, which needs the licensed guest driver (NVIDIA vGPU User Guide, "Installing the
  // NVIDIA vGPU Software Graphics Driver"); nodes have the data center driver.
  if (facts.fractionalGpu)
    return {
      expected:
        "an instance type without a fraction of a GPU: the driver of the nodes supports whole GPUs only",
      hint: "name a type such as g6.xlarge in a GPU pool, or m7i.2xlarge in a CPU pool",
    };
  return undefined;
}

/** Returns why an instance type does not fit a node with or without GPU. */
function mismatch(facts: InstanceTypeFacts, wantsGpu: boolean): Reason | undefined {
  if (wantsGpu && facts.gpus > 0 && facts.architecture !== "x86_64")
    return {
      expected: "an x86_64 instance type: the image and the driver of GPU nodes are those for x86_64",
      hint: "name a type such as g6.xlarge; CPU pools and the scheduler can be arm64",
    };
  if (wantsGpu && !hasUsableGpu(facts))
    return { expected: USABLE_GPU, hint: "name a type such as g6.xlarge, or make this a CPU pool" };
  if (!wantsGpu && facts.gpus > 0)
    return {
      expected: "an instance type without a GPU, which would not be used",
      hint: "name a type such as m7i.2xlarge, or make this a GPU pool",
    };
  return undefined;
}

/** Parameters that Image Builder may read (managed policy AWSServiceRoleForImageBuilder, version 27). */
const READABLE = ["/aws/service/", "/imagebuilder/"];

/** Image Builder can read the SSM parameters of the images that baked AMIs are built from. */
export const bakedParameters: Rule = (cluster) =>
  cluster.bakedImages ? imagesOf(cluster).flatMap(([path, image]) => unreadable(path, image)) : [];

/** Returns the image of each node, with its path in the definition. */
export function imagesOf({
  scheduler,
  pools,
}: Pick<ResolvedCluster, "scheduler" | "pools">): readonly (readonly [path: string, image: Image])[] {
  return [
    ["scheduler.image", scheduler.image],
    ...pools.map(({ image }, index) => [`pools[${index}].image`, image] as const),
  ];
}

function unreadable(path: string, image: Image): readonly ValidationIssue[] {
  if (typeof image === "string" || !("ssmParameter" in image)) return [];
  return issueIf(!READABLE.some((prefix) => image.ssmParameter.startsWith(prefix)), {
    path: `${path}.ssmParameter`,
    value: image.ssmParameter,
    expected: `with bakedImages, a parameter below ${READABLE.join(" or ")}, because Image Builder may read no other`,
    hint: "keep the id below /imagebuilder/, name the AMI by its id, or turn bakedImages off",
  });
}
