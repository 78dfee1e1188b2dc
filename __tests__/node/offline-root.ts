import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UNITS } from "../../lib/node/node-files";
import type { NodeFile } from "../../lib/node/node-plan";
import { testWith } from "./test-with";

const OF_THE_SYSTEM = ["/usr/lib/systemd/system", "/lib/systemd/system"].find(existsSync);

/** Programs of the environment and of packages that the units start. */
const PROGRAMS = [
  ...["/opt/dask/env/bin/dask", "/opt/dask/env/bin/python"],
  ...["/usr/bin/getent", "/usr/bin/nvidia-modprobe", "/usr/bin/nvidia-smi"],
  ...["/usr/bin/install", "/usr/bin/kill", "/usr/bin/sh", "/usr/sbin/nginx"],
  ...["/usr/bin/prometheus", "/usr/bin/prometheus-alertmanager"],
];

/** A test that needs systemd-analyze and the units of a distribution. */
export const testWithSystemd = testWith("systemd", OF_THE_SYSTEM !== undefined);

/**
 * Creates a folder that stands for the root of a node, for `systemd-analyze --root=`: its files, the distribution's units,
 * and empty programs at their paths.
 */
export function makeRoot(folder: string, files: readonly NodeFile[]): void {
  const put = (path: string, mode: number, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode });
  };
  for (const { path, mode, content } of files) put(path, Number.parseInt(mode, 8), content);
  for (const program of PROGRAMS) put(program, 0o755, "");
  cpSync(OF_THE_SYSTEM ?? "", join(folder, "usr/lib/systemd/system"), {
    recursive: true,
    verbatimSymlinks: true,
  });
}

/** Names of the units among the files of a node. */
export function unitsOf(files: readonly NodeFile[]): string[] {
  const names = files.filter(({ path }) => dirname(path) === UNITS).map(({ path }) => path);
  return names.map((path) => path.slice(UNITS.length + 1));
}
