import { basename } from "node:path";
import type { BootStep, NodeFile } from "./node-plan";
import { packageFile } from "./package-file";

/** Directory of the scripts on a node. */
export const LIBRARY = "/usr/local/lib/dask-node";

/** Log of a node's bootstrap, which `cloud-init/base/bootstrap.sh` writes: each step, and why one failed. */
export const NODE_LOG = "/var/log/dask-node.log";

/** Settings of the scripts on a node. */
export const ENVIRONMENT = "/etc/dask/node.env";

/** Directory of the systemd units on a node. */
export const UNITS = "/etc/systemd/system";

/** Directory of the Python package on a node; `cloud-init/base/run.sh` has it too. */
export const PYTHON = `${LIBRARY}/python`;

/** Returns where the script of a boot step is on a node. */
export function stepScript(step: BootStep): string {
  return `${LIBRARY}/${step}.sh`;
}

/** Returns a script of `cloud-init/`. */
export function script(source: string): NodeFile {
  return { ...copy(source, LIBRARY), mode: "0755" };
}

/** Returns a file of `cloud-init/`. */
export function copy(source: string, directory: string): NodeFile {
  return text(`${directory}/${basename(source)}`, packageFile(`cloud-init/${source}`));
}

/** Returns a file with a content. */
export function text(path: string, content: string): NodeFile {
  return { path, mode: "0644", content };
}

/**
 * Returns a file of environment variables in a syntax that shells and systemd read in the same way.
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
