import { basename } from "node:path";
import { stringify } from "yaml";
import type { ImageContents } from "../../node/image-contents";
import { BOOT_SECONDS } from "../../node/lifecycle";
import type { NodeFile } from "../../node/node-plan";

/** Timeout of a step: the deadline of a node's boot, and a minute to report why it failed. */
const STEP_SECONDS = BOOT_SECONDS + 60;

/**
 * Returns the document of Image Builder's task runner (AWSTOE) that bakes an image: it writes the files that download the
 * bundle, runs the command, and checks the stamp file. A shell writes the files, because AWS does not document how the
 * module CreateFile treats backslashes.
 */
export function componentDocument({ digest, stub, command, stampFile }: ImageContents): string {
  const phases = [
    { name: "build", steps: [...stub.map(writing), bash("bake", command)] },
    { name: "validate", steps: [bash("is-baked", `[[ $(<${stampFile}) == ${digest} ]]`)] },
  ];
  return stringify({ schemaVersion: "1.0", phases }, { lineWidth: 0 });
}

function writing({ path, mode, content }: NodeFile) {
  return bash(
    basename(path).replaceAll(/\W+/g, "-"),
    `install -D --mode=${mode} /dev/stdin ${path} <<'END_OF_FILE'\n${content}END_OF_FILE\n`,
  );
}

function bash(name: string, command: string) {
  return { name, action: "ExecuteBash", timeoutSeconds: STEP_SECONDS, inputs: { commands: [command] } };
}
