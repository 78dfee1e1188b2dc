import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Diagram, readDiagram } from "../diagram/model";
import { CommandError } from "./error";
import { OUTDIR } from "./requests";

/**
 * Returns the folder of a synthesized stack in the temporary folder of `synthesizeApp`.
 *
 * @throws CommandError for an unknown stack
 */
export function stackFolder(scratch: string, name: string): string {
  const stacks = join(scratch, OUTDIR, "stacks");
  const known = existsSync(stacks) ? readdirSync(stacks).sort() : [];
  if (known.includes(name)) return join(stacks, name);
  throw new CommandError(
    `stack: got "${name}", expected ${known.join(", ") || "a stack"}. Hint: the name is that of the stack in the app`,
  );
}

/** Returns the synthesized JSON of a stack. */
export function stackJson(folder: string): string {
  return readFileSync(join(folder, "cdk.tf.json"), "utf8");
}

/** Returns the region of the AWS provider of a stack, if its JSON has one. */
export function regionOfStack(scratch: string, name: string): string | undefined {
  return JSON.parse(stackJson(stackFolder(scratch, name))).provider?.aws?.[0]?.region;
}

/**
 * Returns the model of a synthesized stack with one cluster on AWS.
 *
 * @throws CommandError for an unknown stack, and for one without a cluster on AWS
 */
export function readStack(scratch: string, name: string): Diagram {
  const text = stackJson(stackFolder(scratch, name));
  try {
    return readDiagram(text);
  } catch (error) {
    const { message } = error as Error;
    throw new CommandError(`stack ${name}: ${message}. Hint: name a stack with one cluster on AWS`);
  }
}
