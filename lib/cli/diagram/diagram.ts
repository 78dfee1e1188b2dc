import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { mermaid } from "../../diagram/mermaid";
import { type Diagram, readDiagram } from "../../diagram/model";
import { svg } from "../../diagram/svg";
import type { CommandContext } from "../../local/runtime/run-command";
import { CommandError } from "../error";
import { OUTDIR, synthesizeApp } from "../requests";

/** Formats of a diagram. */
export const FORMATS = ["svg", "mermaid"] as const;

/**
 * Prints a diagram of a stack on AWS, from its synthesized JSON.
 *
 * @throws CommandError for an unknown stack or format, and for a stack without a cluster on AWS
 */
export async function diagram(context: CommandContext, name: string, format: string): Promise<void> {
  if (!FORMATS.some((known) => known === format))
    throw new CommandError(
      `--format: got ${format}, expected ${FORMATS.join(" or ")}. Hint: svg is the default`,
    );
  const model = await synthesizeApp(
    context,
    () => ({}),
    (scratch) => readStack(join(scratch, OUTDIR, "stacks"), name),
  );
  process.stdout.write(format === "svg" ? await svg(model) : mermaid(model));
}

function readStack(stacks: string, name: string): Diagram {
  const known = existsSync(stacks) ? readdirSync(stacks).sort() : [];
  if (!known.includes(name))
    throw new CommandError(
      `stack: got "${name}", expected ${known.join(", ") || "a stack"}. Hint: the name is that of the stack in the app`,
    );
  try {
    return readDiagram(readFileSync(join(stacks, name, "cdk.tf.json"), "utf8"));
  } catch (error) {
    const { message } = error as Error;
    throw new CommandError(`stack ${name}: ${message}. Hint: name a stack with one cluster on AWS`);
  }
}
