import { mermaid } from "../../diagram/mermaid";
import { svg } from "../../diagram/svg";
import type { CommandContext } from "../../local/runtime/run-command";
import { CommandError } from "../error";
import { synthesizeApp } from "../requests";
import { readStack } from "../stacks";

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
    (scratch) => readStack(scratch, name),
  );
  process.stdout.write(format === "svg" ? await svg(model) : mermaid(model));
}
