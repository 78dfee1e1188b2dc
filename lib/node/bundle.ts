import { createHash } from "node:crypto";
import { type ArchiveFile, archive } from "./archive";
import type { NodeFile } from "./node-plan";

/** What cdktf writes where a value is known only after a deployment: in strings, lists and maps, and for numbers. */
const TOKEN = /TfToken\[|-1\.8881545\d+e\+289/;

/** The archive with the files of a node, which the node downloads at its first boot. */
export interface Bundle {
  /** Hexadecimal SHA-256 of the archive. */
  readonly sha256: string;
  /** Key in the artifact bucket. It contains the checksum, so another archive never replaces one that nodes still use. */
  readonly key: string;
  /** The archive, as `.tar.gz` to unpack in `/`. */
  readonly archive: Buffer;
}

/**
 * Returns files as a bundle.
 *
 * @param binaries files that are not text
 * @throws Error for a file with a Terraform token, whose value is known only after a deployment
 */
export function bundleOf(files: readonly NodeFile[], binaries: readonly ArchiveFile[] = []): Bundle {
  for (const file of files) refuseTokens(file);
  const bytes = archive([...files, ...binaries]);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { sha256, key: `bundles/${sha256}.tar.gz`, archive: bytes };
}

/** @throws Error for a file with a Terraform token */
export function refuseTokens({ path, content }: NodeFile): void {
  const token = TOKEN.exec(content)?.[0];
  if (token === undefined) return;
  throw new Error(
    `${path}: got the Terraform token '${token}…', expected values known at synth. Hint: use a fixed name or address`,
  );
}
