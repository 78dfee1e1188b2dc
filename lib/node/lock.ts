import { LIBRARY, text } from "./node-files";
import type { NodeFile } from "./node-spec";
import { packageFile } from "./package-file";

/**
 * A lock as it travels: packages by name and version, and their SHA-256 digests in the same order as base64 of the
 * bytes. In hexadecimal beside the names they would take a twentieth more of the user data; the phase `conda` puts
 * them back there.
 *
 * @throws Error for a line that is not `name==version --hash=sha256:` and a digest
 */
export function lockFiles(path: string): { readonly pins: NodeFile; readonly digests: NodeFile } {
  const lines = packageFile(path)
    .trimEnd()
    .split("\n")
    .map((line) => {
      const [, pin, digest] = /^(\S+==\S+) --hash=sha256:([0-9a-f]{64})$/.exec(line) ?? [];
      if (pin === undefined || digest === undefined) {
        throw new Error(
          `${path} has the line ${JSON.stringify(line)}; allowed: name==version --hash=sha256: and 64 hexadecimal digits; remedy: npm run lock`,
        );
      }
      return { pin, digest };
    });
  const digests = Buffer.from(lines.map(({ digest }) => digest).join(""), "hex").toString("base64");
  return {
    pins: text(`${LIBRARY}/lock.txt`, `${lines.map(({ pin }) => pin).join("\n")}\n`),
    digests: text(`${LIBRARY}/lock.sha256`, `${digests}\n`),
  };
}
