import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { NodeSetupDefinition } from "../config/definition";
import type { Pool, ResolvedCluster } from "../config/resolved-cluster";
import type { ValidationIssue } from "../config/validation-error";
import { LIBRARY, script, stepScript } from "./node-files";
import type { NodeFile, SetupStep } from "./node-plan";

/** Maximum size of a script in bytes. Larger ones contain data, which do not belong into the bundle of each node. */
export const MAX_SETUP_SCRIPT_BYTES = 100_000;

/** Scripts of the user for a node. */
export interface NodeSetup {
  /** Steps whose result an image can hold, in order. */
  readonly bake: readonly SetupStep[];
  /** Steps of every boot, in order. */
  readonly boot: readonly SetupStep[];
  /** For each step, the script of the user and the program that runs it. */
  readonly files: readonly NodeFile[];
}

/** Scripts of the user for the nodes of a cluster. */
export interface ClusterSetup {
  readonly scheduler: NodeSetup;
  /** In the order of the definition. */
  readonly pools: readonly { readonly pool: Pool; readonly setup: NodeSetup }[];
  /** What is wrong with the scripts: they are missing, no scripts, or too large. */
  readonly issues: readonly ValidationIssue[];
}

/** Reads the scripts that a definition names. Paths are relative to the working directory. */
export function readSetupScripts({ nodeSetup, scheduler, pools }: ResolvedCluster): ClusterSetup {
  const issues: ValidationIssue[] = [];
  const read = (setup: NodeSetupDefinition = {}, owner: string, suffix: "" | "-scheduler" | "-pool") => {
    const steps = (part: "bake" | "boot") => {
      const file = setup[part];
      if (file === undefined) return [];
      const { content, issue } = readScript(file);
      if (issue) issues.push({ path: `${owner}nodeSetup.${part}`, value: file, ...issue });
      return [{ step: `setup-${part}${suffix}` as const, content: content ?? "" }];
    };
    return { bake: steps("bake"), boot: steps("boot") };
  };
  const shared = read(nodeSetup, "", "");
  const after = ({ bake, boot }: typeof shared) =>
    ofNode([...shared.bake, ...bake], [...shared.boot, ...boot]);
  return {
    scheduler: after(read(scheduler.nodeSetup, "scheduler.", "-scheduler")),
    pools: pools.map((pool, index) => ({
      pool,
      setup: after(read(pool.nodeSetup, `pools[${index}].`, "-pool")),
    })),
    issues,
  };
}

/** A step, and the script of the user that it runs. */
interface Step {
  readonly step: SetupStep;
  readonly content: string;
}

function ofNode(bake: readonly Step[], boot: readonly Step[]): NodeSetup {
  return {
    bake: bake.map(({ step }) => step),
    boot: boot.map(({ step }) => step),
    files: [...bake, ...boot].flatMap(({ step, content }) => [
      { ...script("setup/setup.sh"), path: stepScript(step) },
      { path: setupScript(step), mode: "0755", content },
    ]),
  };
}

/** Returns where the script of the user is on a node. */
export function setupScript(step: string): string {
  return `${LIBRARY}/setup/${step.replace("setup-", "")}`;
}

/** The content of a script, or what is wrong with it. */
interface ScriptRead {
  readonly content?: string;
  readonly issue?: Pick<ValidationIssue, "expected" | "hint">;
}

function readScript(file: string): ScriptRead {
  const path = resolve(file);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat?.isFile())
    return refused(
      `a file: ${path} is ${stat ? "none" : "missing"}`,
      "paths are relative to the working directory",
    );
  if (stat.size > MAX_SETUP_SCRIPT_BYTES)
    return refused(
      `a script of at most ${MAX_SETUP_SCRIPT_BYTES} bytes: it has ${stat.size}`,
      "let the script download what is large, for example from S3",
    );
  const content = textOf(readFileSync(path));
  if (content === undefined || content.includes("\0"))
    return refused("a text in UTF-8", "name a script, and let it download programs");
  if (!content.startsWith("#!"))
    return refused("a script whose first line begins with #!", "begin it with a line such as #!/bin/bash");
  if (content.includes("\r"))
    return refused(
      "lines that end with LF",
      "convert the line ends: a node finds no interpreter with CR in its name",
    );
  return { content: content.endsWith("\n") ? content : `${content}\n` };
}

function refused(expected: string, hint: string): ScriptRead {
  return { issue: { expected, hint } };
}

/** Text of bytes in UTF-8; undefined for other bytes. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
