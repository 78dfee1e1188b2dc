import { administratorsBox, type Box, betweenWorkers, poolBox, schedulerBox } from "./labels";
import type { Diagram, End } from "./model";

/** Returns a diagram as text of Mermaid, which GitHub and GitLab draw. */
export function mermaid(diagram: Diagram): string {
  const { network, pools, connections, services } = diagram;
  const administrators = administratorsBox(diagram);
  const between = betweenWorkers(diagram);
  const end = (end: End) => (end === "workers" ? "pools" : end);
  return [
    "flowchart LR",
    ...(administrators ? [box("administrators", administrators)] : []),
    `subgraph network [${text(network.title)}]`,
    box("zones", { title: "subnets", lines: network.zones }),
    box("scheduler", schedulerBox(diagram)),
    `subgraph pools [${text("Auto Scaling groups")}]`,
    // Numbered, because some names of pools are keywords of Mermaid, such as "end".
    ...pools.map((pool, index) => box(`pool${index + 1}`, poolBox(pool))),
    // Not in the title, where Mermaid has space for one line only.
    ...(between.length > 0 ? [`between[${text(between.join("<br/>"))}]`] : []),
    "end",
    "end",
    `subgraph services [${text("services of AWS")}]`,
    ...services.map(({ id, title, lines }) => box(id, { title, lines })),
    "end",
    ...connections
      .filter(({ from, to }) => from !== to)
      .map(({ from, to, ports }) => `${end(from)} -->|${text(ports.join("<br/>"))}| ${end(to)}`),
    ...services.flatMap(({ id, users }) => users.map((user) => `${end(user)} -.-> ${id}`)),
    "",
  ].join("\n");
}

function box(id: string, { title, lines }: Box): string {
  return `${id}[${text([`<b>${title}</b>`, ...lines].join("<br/>"))}]`;
}

function text(content: string): string {
  return `"${content.replaceAll('"', "#quot;")}"`;
}
