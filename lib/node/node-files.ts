import { basename } from "node:path";
import type { NodeFile } from "./node-plan";
import { packageFile } from "./package-file";

/** Directory of the scripts on a machine. */
export const LIBRARY = "/usr/local/lib/dask-node";

/** Log of a node's bootstrap: each step, and the sentence of the one that failed. `cloud-init/base/bootstrap` writes it. */
export const NODE_LOG = "/var/log/dask-node.log";

/** The settings of the scripts on a machine. */
export const ENVIRONMENT = "/etc/dask/node.env";

/** Directory of the units on a machine. */
export const UNITS = "/etc/systemd/system";

/** A script of `cloud-init/`. */
export function script(source: string): NodeFile {
  return { ...copy(source, LIBRARY), mode: "0755" };
}

/** A file of `cloud-init/`. */
export function copy(source: string, directory: string): NodeFile {
  return text(`${directory}/${basename(source)}`, packageFile(`cloud-init/${source}`));
}

/** A file with the given content. */
export function text(path: string, content: string): NodeFile {
  return { path, mode: "0644", content };
}

/**
 * Named values in a form that a shell and systemd read alike.
 *
 * @throws Error for a value with a quote or a line break, which they read differently
 */
export function environmentFile(path: string, values: Readonly<Record<string, string>>): NodeFile {
  const lines = Object.entries(values).map(([name, value]) => {
    if (/['\n\r]/.test(value)) {
      throw new Error(`setting ${name} is ${JSON.stringify(value)}, expected one line without a quote`);
    }
    return `${name}='${value}'\n`;
  });
  return text(path, lines.join(""));
}
