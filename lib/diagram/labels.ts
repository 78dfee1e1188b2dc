import type { Diagram, DiagramPool } from "./model";

/** A box of a diagram: a title, and lines below it. */
export interface Box {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Returns the box of the scheduler. */
export function schedulerBox({ scheduler: { instanceType, diskGiB, address } }: Diagram): Box {
  return {
    title: "scheduler",
    lines: [instanceType, `disk ${diskGiB} GiB`, ...(address === undefined ? [] : [address])],
  };
}

/** Returns the box of a pool. */
export function poolBox({
  name,
  minSize,
  maxSize,
  instanceTypes,
  spotPercentage,
  onDemandBase,
}: DiagramPool): Box {
  const base = onDemandBase > 0 ? `, beyond ${onDemandBase} on demand` : "";
  return {
    title: `pool ${name}`,
    lines: [`${minSize}–${maxSize} instances`, `${spotPercentage} % spot${base}`, ...instanceTypes],
  };
}

/** Returns the box of the administrators; undefined if no rule admits any. */
export function administratorsBox({ connections }: Diagram): Box | undefined {
  const connection = connections.find(({ from }) => from === "administrators");
  return connection && { title: "administrators", lines: connection.blocks };
}

/** Returns lines with the ports between workers; none if no rule allows them. */
export function betweenWorkers({ connections }: Diagram): readonly string[] {
  const connection = connections.find(({ from, to }) => from === "workers" && to === "workers");
  return connection === undefined ? [] : ["between workers:", ...connection.ports];
}
