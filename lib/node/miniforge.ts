import type { Release } from "../config/releases";

/** File to download, with its checksum. */
export interface PinnedFile {
  readonly url: string;
  readonly sha256: string;
}

const VERSION = "26.3.2-3";

/**
 * Miniforge: conda with the channel conda-forge, which needs no licence. The checksum is that of the file with the suffix
 * `.sha256` that conda-forge publishes; several public projects pin the same one.
 */
export const MINIFORGE: PinnedFile = {
  url: `https://github.com/conda-forge/miniforge/releases/download/${VERSION}/Miniforge3-${VERSION}-Linux-x86_64.sh`,
  sha256: "848194851a98903134187fbb4ab50efe87b003e0c0f808f97644b7524a62bf2c",
};

/** Patch version of each Python: the newest conda-forge build for linux-64 in public lockfiles and logs. */
const PYTHONS: Readonly<Record<string, string>> = { "3.12": "3.12.13", "3.11": "3.11.15" };

/**
 * Returns the exact Python version of a release's nodes, so that all nodes have the same interpreter whenever they start.
 *
 * @throws Error if the table does not have the Python version of the release
 */
export function exactPython({ python, name }: Release): string {
  const exact = PYTHONS[python];
  if (exact === undefined) {
    throw new Error(
      `release ${name} runs on Python ${python}, expected ${Object.keys(PYTHONS).join(", ")}; add its patch version`,
    );
  }
  return exact;
}
