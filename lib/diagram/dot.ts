import { administratorsBox, type Box, betweenWorkers, poolBox, schedulerBox } from "./labels";
import type { Connection, Diagram, End } from "./model";

/** Colors of AWS's own diagrams: VPC, computing, security. */
const COLORS = { network: "#8C4FFF", computing: "#ED7100", services: "#DD344C" } as const;

/** Attributes of the graph. Graphviz's fonts are narrower than those of most computers, so boxes have wide margins. */
const GRAPH =
  "rankdir=LR, compound=true, bgcolor=white, fontname=Helvetica, nodesep=0.3, ranksep=1.1, pad=0.3";

/** Returns a diagram as input of Graphviz. */
export function dot(diagram: Diagram): string {
  const { cluster, network, pools, connections, services } = diagram;
  const administrators = administratorsBox(diagram);
  const [first] = pools.map(({ name }) => poolId(name));
  // An arrow ends at a node; `lhead` and `ltail` cut it off at the border of the group.
  const end = (end: End) => (end === "workers" ? first : end);
  const arrow = (from: End, to: string, toWorkers: boolean, attributes: string) =>
    end(from) === undefined
      ? []
      : [
          `${quoted(end(from) ?? "")} -> ${quoted(to)} [${[
            ...(from === "workers" ? ["ltail=cluster_pools"] : []),
            ...(toWorkers ? ["lhead=cluster_pools"] : []),
            attributes,
          ].join(", ")}];`,
        ];
  const connect = ({ from, to, ports }: Connection) =>
    from === to || end(to) === undefined
      ? []
      : arrow(from, end(to) ?? "", to === "workers", `label=${quoted(ports.join("\n"))}`);
  return [
    "digraph {",
    `graph [${GRAPH}, label=${quoted(`Dask cluster ${cluster}`)}, labelloc=t];`,
    'node [shape=box, style="rounded,filled", fillcolor=white, fontname=Helvetica, fontsize=10, margin="0.35,0.12"];',
    'edge [fontname=Helvetica, fontsize=9, color="#555555"];',
    ...(administrators ? [node("administrators", administrators)] : []),
    ...group("network", network.title, COLORS.network, [
      node("zones", { title: "subnets", lines: network.zones }, 'style="", color="#CCCCCC"'),
      node("scheduler", schedulerBox(diagram), `color="${COLORS.computing}"`),
      ...group(
        "pools",
        ["Auto Scaling groups", ...betweenWorkers(diagram)].join("\n"),
        COLORS.computing,
        pools.map((pool) => node(poolId(pool.name), poolBox(pool), `color="${COLORS.computing}"`)),
      ),
    ]),
    ...group(
      "services",
      "services of AWS",
      COLORS.services,
      services.map(({ id, title, lines }) => node(id, { title, lines }, `color="${COLORS.services}"`)),
    ),
    ...connections.flatMap(connect),
    ...services.flatMap(({ id, users }) =>
      users.flatMap((user) => arrow(user, id, false, 'style=dashed, color="#AAAAAA"')),
    ),
    "}",
    "",
  ].join("\n");
}

function poolId(name: string): string {
  return `pool ${name}`;
}

function node(id: string, { title, lines }: Box, attributes?: string): string {
  const label = quoted([title, ...lines].join("\n"));
  return `${quoted(id)} [label=${label}${attributes === undefined ? "" : `, ${attributes}`}];`;
}

function group(id: string, title: string, color: string, content: readonly string[]): readonly string[] {
  const attributes = `label=${quoted(title)}; style=rounded; fontsize=11; color="${color}"; fontcolor="${color}"; margin=16;`;
  return [`subgraph cluster_${id} { ${attributes}`, ...content, "}"];
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
