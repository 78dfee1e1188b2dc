import type { Environment } from "../config/resolved-cluster";
import type { ArchiveFile } from "./archive";
import { LIBRARY, text } from "./node-files";
import type { NodeFile } from "./node-plan";
import { packageFile } from "./package-file";
import type { Wheel } from "./packages/wheel";

/** Lockfile on a node: the exact packages of its Python environment, with the SHA-256 of their wheels. */
const LOCKFILE = `${LIBRARY}/requirements.txt`;

/** Folder of the user's wheels on a node, which uv searches in addition to the indexes. */
const WHEELS = `${LIBRARY}/wheels`;

/** Returns the lockfiles of a node: that of its Python environment, and that of uv, which installs it. */
export function environmentFiles(lockfile: string): readonly NodeFile[] {
  return [text(LOCKFILE, lockfile), text(`${LIBRARY}/uv.txt`, packageFile("locks/tools/uv.txt"))];
}

/** Returns the wheels of the user as files of a node. */
export function wheelFiles(wheels: readonly Wheel[]): readonly ArchiveFile[] {
  return wheels.map(({ basename, content }) => ({ path: `${WHEELS}/${basename}`, mode: "0644", content }));
}

/** Returns the settings of the package indexes; empty ones have no effect. */
export function indexSettings({
  url,
  extraUrls,
  credentialsSecret,
}: Environment["index"]): Readonly<Record<string, string>> {
  return {
    INDEX_URL: url ?? "",
    EXTRA_INDEX_URLS: extraUrls.join(" "),
    INDEX_SECRET: credentialsSecret ?? "",
  };
}
