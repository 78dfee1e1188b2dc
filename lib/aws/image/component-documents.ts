import { basename } from "node:path";
import { stringify } from "yaml";
import type { ImageContents } from "../../node/image-contents";
import { BOOT_SECONDS } from "../../node/lifecycle";
import type { NodeFile } from "../../node/node-plan";

/** Maximum length of a document (EC2 Image Builder API Reference, CreateComponent, `data`). */
export const MAX_COMPONENT_LENGTH = 16_000;

/** Timeout of a step: the deadline of a node's boot, and a minute to report why it failed. */
const STEP_SECONDS = BOOT_SECONDS + 60;

/** Text that a document cannot contain as it is: the task runner would replace it, or the shell would end the file there. */
const UNSAFE = /\{\{|^END_OF_FILE$/m;

type Phases = Readonly<Record<string, readonly object[]>>;

/**
 * Returns the contents of an image as documents of Image Builder's task runner (AWSTOE), in order: the files, as many per
 * document as fit, and then the command, with a check of the stamp file. A shell writes the files, because AWS does not
 * document how the module CreateFile treats backslashes. Files with unsafe text are written in base64.
 *
 * @throws Error for a file that does not fit in a document
 */
export function componentDocuments({ digest, files, command, stampFile }: ImageContents): readonly string[] {
  const documents: object[][] = [];
  for (const file of files) {
    const step = writing(file);
    const [last = []] = documents.slice(-1);
    if (document({ build: [...last, step] }).length > MAX_COMPONENT_LENGTH) documents.push([step]);
    else documents.splice(-1, 1, [...last, step]);
  }
  return [
    ...documents.map((steps) => document({ build: steps })),
    document({
      build: [bash("bake", command)],
      validate: [bash("is-baked", `[[ $(<${stampFile}) == ${digest} ]]`)],
    }),
  ];
}

function writing({ path, mode, content }: NodeFile) {
  const target = `install -D --mode=${mode} /dev/stdin ${path}`;
  const step = (command: string) => bash(basename(path).replaceAll(/\W+/g, "-"), command);
  const plain = step(`${target} <<'END_OF_FILE'\n${content}END_OF_FILE\n`);
  if (!UNSAFE.test(content) && lengthOf(plain) <= MAX_COMPONENT_LENGTH) return plain;
  const encoded = step(
    `base64 --decode <<'END' | ${target}\n${Buffer.from(content).toString("base64")}\nEND\n`,
  );
  if (lengthOf(encoded) > MAX_COMPONENT_LENGTH)
    throw new Error(
      `${path}: got ${lengthOf(encoded)} characters in an Image Builder component, expected at most ${MAX_COMPONENT_LENGTH}. Hint: split the file`,
    );
  return encoded;
}

function lengthOf(step: object): number {
  return document({ build: [step] }).length;
}

function bash(name: string, command: string) {
  return { name, action: "ExecuteBash", timeoutSeconds: STEP_SECONDS, inputs: { commands: [command] } };
}

function document(phases: Phases): string {
  return stringify(
    {
      schemaVersion: "1.0",
      phases: Object.entries(phases).map(([name, steps]) => ({ name, steps })),
    },
    { lineWidth: 0 },
  );
}
