import { dot } from "./dot";
import type { Diagram } from "./model";

/** Returns a diagram as self-contained SVG, drawn by Graphviz compiled to WebAssembly. */
export async function svg(diagram: Diagram): Promise<string> {
  // An ES module, which CommonJS can import only in this way; only this command needs it.
  const { Graphviz } = await import("@hpcc-js/wasm-graphviz");
  const graphviz = await Graphviz.load();
  return selfContained(graphviz.layout(dot(diagram), "svg", "dot"), `Dask cluster ${diagram.cluster}`);
}

/**
 * Removes what is before the element `svg`: a reference to a DTD on the web, and Graphviz's version. Adds a title, which screen
 * readers read.
 */
function selfContained(text: string, title: string): string {
  return text
    .slice(text.indexOf("<svg"))
    .replace(/^<svg[^>]*>/, (start) => `${start}\n<title>${title}</title>`);
}
