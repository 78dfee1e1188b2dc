import type { Architecture } from "../config/definition";
import type { Release } from "../config/releases";

/** File to download, with its checksum. */
export interface PinnedFile {
  readonly url: string;
  readonly sha256: string;
}

const VERSION = "26.3.2-3";

/**
 * Miniforge: conda with the channel conda-forge, which needs no licence. The checksums are those of the files with the suffix
 * `.sha256` that conda-forge publishes; several public projects, such as Spack (package miniforge3), pin the same ones.
 */
export const MINIFORGE: Readonly<Record<Architecture, PinnedFile>> = {
  x86_64: installer("x86_64", "848194851a98903134187fbb4ab50efe87b003e0c0f808f97644b7524a62bf2c"),
  arm64: installer("aarch64", "2c113a69297e612b01ca0f320c22a3107a11f2ab9b573d79ac868a175945ce29"),
};

function installer(machine: string, sha256: string): PinnedFile {
  const file = `Miniforge3-${VERSION}-Linux-${machine}.sh`;
  return {
    url: `https://github.com/conda-forge/miniforge/releases/download/${VERSION}/${file}`,
    sha256,
  };
}

/**
 * Patch version of each Python: the newest conda-forge build for linux-64 in public lockfiles and logs. conda-forge builds each
 * version for linux-aarch64 from the same commit (conda-forge/python-feedstock, `.ci_support`).
 */
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
