import { statSync } from "node:fs";
import { z } from "zod";
import { readJson } from "../files";

/** The fields of a Terraform state (format version 4) that the local stack reads. */
const STATE = z.object({
  resources: z.array(
    z.object({
      mode: z.string(),
      type: z.string(),
      name: z.string(),
      instances: z.array(z.unknown()).optional(),
    }),
  ),
});

/** Attributes of the resource whose trigger contains the generation. */
const GENERATION = z.object({
  attributes: z.object({ triggers_replace: z.object({ value: z.object({ generation: z.number().int() }) }) }),
});

/** Names of the two `terraform_data` resources of a local stack. */
export const RESOURCES = { environment: "environment", processes: "processes" } as const;

/**
 * Content of a state file:
 *
 * - `none`: no file, or a state without resources
 * - `incomplete`: empty or cut off, because Terraform was killed while it wrote the file
 * - `own`: resources of a local stack
 * - `extended`: resources of a local stack and others that a user added to it
 * - `foreign`: only other resources, or not a Terraform state; the file belongs to another project
 */
export type StateKind = "none" | "incomplete" | "own" | "extended" | "foreign";

/** Classifies a state file. Accepts any content. */
export function stateKind(file: string): StateKind {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return "none";
  const value = readJson(file);
  if (value === undefined) return "incomplete";
  const state = STATE.safeParse(value);
  if (!state.success) return "foreign";
  const { resources } = state.data;
  if (resources.length === 0) return "none";
  if (resources.every(isOwn)) return "own";
  return resources.some(isOwn) ? "extended" : "foreign";
}

/** Returns the generation that a state file records; 0 if it records none. */
export function recordedGeneration(file: string): number {
  const state = STATE.safeParse(readJson(file));
  const resource = state.data?.resources.find((found) => isOwn(found) && found.name === RESOURCES.processes);
  return (
    GENERATION.safeParse(resource?.instances?.[0]).data?.attributes.triggers_replace.value.generation ?? 0
  );
}

function isOwn({ mode, type, name }: { mode: string; type: string; name: string }): boolean {
  return mode === "managed" && type === "terraform_data" && Object.values<string>(RESOURCES).includes(name);
}
