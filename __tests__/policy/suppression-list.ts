import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TerraformStack } from "cdktf";
import { packageRoot } from "../../lib/node/package-file";
import type { PolicyReport } from "./gate";

const PATH = join(packageRoot(), "docs/security-policy.md");
const [START, END] = [
  "<!-- suppressions: written by npm run policy:docs -->\n\n",
  "\n<!-- end of the suppressions -->",
];

/** The list of suppressions as docs/security-policy.md has it. */
export function writtenList(): string {
  return list(readFileSync(PATH, "utf8")).written;
}

/** Writes the list of suppressions into docs/security-policy.md. */
export function writeList(lines: string): void {
  const { before, after } = list(readFileSync(PATH, "utf8"));
  writeFileSync(PATH, before + lines + after);
}

/** The list of suppressions of several stacks, one row for each check and reason. */
export function suppressionList(reports: readonly PolicyReport[]): string {
  const rows = new Map<
    string,
    { readonly start: string; readonly paths: Set<string>; readonly reason: string }
  >();
  for (const { check, name, reason, resource } of reports.flatMap(({ suppressed }) => suppressed)) {
    const start = `${check} | ${name} | \`${resource.terraformResourceType}\``;
    const row = rows.get(start + reason) ?? { start, paths: new Set(), reason };
    const stack = TerraformStack.of(resource).node.path;
    const path = resource.node.path.slice(stack.length + 1).replace(/\/Resource$/, "");
    // The content digest in a name changes with the contents.
    row.paths.add(`\`${path.replace(/(?<=-)[0-9a-f]{12}$/, "<digest>")}\``);
    rows.set(start + reason, row);
  }
  const lines = [...rows]
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([, { start, paths, reason }]) => `| ${start} ${[...paths].sort().join(", ")} | ${reason} |`);
  return ["| check | asks for | of | why it does not fit |", "|---|---|---|---|", ...lines, ""].join("\n");
}

function list(text: string) {
  const [start, end] = [text.indexOf(START), text.indexOf(END)];
  if (start < 0 || end < 0) throw new Error(`${PATH} has no comments around its list of suppressions`);
  const from = start + START.length;
  return { before: text.slice(0, from), written: text.slice(from, end), after: text.slice(end) };
}
