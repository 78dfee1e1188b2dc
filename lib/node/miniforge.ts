import type { Release } from "../config/releases";

/** A file to download: where it is and what its checksum must be. */
export interface PinnedFile {
  readonly url: string;
  readonly sha256: string;
}

const VERSION = "26.3.2-3";

/**
 * Miniforge: conda with conda-forge as its only channel, and no licence to buy. The checksum is the one that
 * several public projects pin for this file; conda-forge publishes it beside the file, with `.sha256` appended.
 */
export const MINIFORGE: PinnedFile = {
  url: `https://github.com/conda-forge/miniforge/releases/download/${VERSION}/Miniforge3-${VERSION}-Linux-x86_64.sh`,
  sha256: "848194851a98903134187fbb4ab50efe87b003e0c0f808f97644b7524a62bf2c",
};

/** Last conda-forge build of each Python for linux-64 that public lock files and logs were seen to install. */
const PYTHONS: Readonly<Record<string, string>> = { "3.12": "3.12.13", "3.11": "3.11.15" };

/**
 * The exact Python of a release's machines, so that one that starts next month runs the same interpreter.
 *
 * @throws Error where the catalogue names a Python that this table lacks
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
