import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { installNode, ROOT, run, withDirectory } from "./workspace";

/**
 * The oldest Node that `engines` allows, and one of a later release: their zlibs compress the same text to different
 * bytes.
 */
const NODES = ["20.9.0", "24.21.0"] as const;

test(
  "the oldest Node writes files of Docker Compose over existing ones",
  () =>
    withDirectory("compose", (directory) => {
      run(ROOT, "npm", "run", "--silent", "build");
      const node = installNode(NODES[0], directory);
      const output = join(directory, "out");
      for (let runs = 0; runs < 2; runs++)
        expect(
          run(ROOT, node, "dist/lib/cli/main.js", "compose", "development", "--output", output),
        ).toContain(`files in ${relative(ROOT, output)}\n`);
    }),
  600_000,
);

test(
  "two versions of Node synthesize the same bytes, user data and bundles included",
  () =>
    withDirectory("node-versions", (directory) => {
      run(ROOT, "npm", "run", "--silent", "build");
      const [oldest, later] = NODES.map((version) => synthesize(version, join(directory, version)));
      expect(oldest).toEqual(later);
      expect(JSON.stringify(oldest).match(/"user_data(_base64)?":"H4sI/g)).toHaveLength(8);
      // The configuration has the checksum of each archive: a bundle for each node, and the contents of 3 images.
      expect(JSON.stringify(oldest).match(/"source_hash":"[0-9a-f]{64}"/g)).toHaveLength(8 + 3);
    }),
  600_000,
);

/** The stacks on AWS that a version of Node synthesizes, by name. */
function synthesize(version: string, directory: string): Record<string, unknown> {
  mkdirSync(directory);
  const node = installNode(version, directory);
  run(ROOT, "env", `CDKTF_OUTDIR=${join(directory, "out")}`, node, "dist/main.js");
  return Object.fromEntries(
    ["development", "production", "baked"].map((stack) => [
      stack,
      JSON.parse(readFileSync(join(directory, "out/stacks", stack, "cdk.tf.json"), "utf8")),
    ]),
  );
}
