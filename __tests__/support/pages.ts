import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageFile, packageRoot } from "../../lib/node/package-file";
import { EXAMPLES } from "./examples";

/** The pages of the documentation: those in the root folder and in `docs/`, and the README of each example. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(packageRoot(), "docs"), { recursive: true, encoding: "utf8" });
  return [
    ...readdirSync(packageRoot()).filter((name) => name.endsWith(".md")),
    ...docs.filter((name) => name.endsWith(".md")).map((name) => join("docs", name)),
    ...EXAMPLES.map((name) => join("examples", name, "README.md")),
  ];
}

/** A text by the path of its page. */
export type Texts = Readonly<Record<string, string>>;

/** Texts of all pages. */
export function textsOfPages(): Texts {
  return Object.fromEntries(pages().map((page) => [page, packageFile(page)]));
}

/** Files that a page links to, relative to the root. */
export function linksOf(page: string, text: string): readonly string[] {
  const targets = [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => join(dirname(page), target));
}

/** Pages by the number of clicks from a start. A link to a folder leads to its README.md, as on GitHub. */
export function clicksFrom(start: string, texts: Texts): ReadonlyMap<string, number> {
  const clicks = new Map([[start, 0]]);
  // A Map visits entries that are added while it is iterated.
  for (const [page, count] of clicks)
    for (const link of linksOf(page, texts[page] ?? "")) {
      const target = existsSync(join(packageRoot(), link, "README.md")) ? join(link, "README.md") : link;
      if (target in texts && !clicks.has(target)) clicks.set(target, count + 1);
    }
  return clicks;
}

/** Text that two pages have. */
export interface Repetition {
  readonly pages: readonly [string, string];
  readonly text: string;
}

/** Runs of at least so many words that two pages have: in paragraphs, lists and tables, not in code, titles and targets of links. */
export function repeatedRuns(texts: Texts, words: number): readonly Repetition[] {
  const pageOfRun = new Map<string, string>();
  const found: Repetition[] = [];
  for (const [page, text] of Object.entries(texts)) {
    const all = prose(text).match(/[A-Za-z0-9_./:-]*[A-Za-z0-9]/g) ?? [];
    for (let start = 0; start + words <= all.length; start++) {
      const run = all.slice(start, start + words).join(" ");
      const other = pageOfRun.get(run) ?? page;
      if (other !== page) found.push({ pages: [other, page], text: run });
      pageOfRun.set(run, other);
    }
  }
  return found;
}

/** Paragraphs, items of lists and rows of tables of at least so many characters that two pages have. */
export function repeatedBlocks(texts: Texts, characters: number): readonly Repetition[] {
  const pageOfBlock = new Map<string, string>();
  const found: Repetition[] = [];
  for (const [page, text] of Object.entries(texts))
    for (const part of prose(text).split(/\n\s*\n|\n(?= *(?:-|\d+\.) )|\n(?=\|)/)) {
      const block = part.replaceAll(/\s+/g, " ").trim();
      if (block.length < characters || !/\w/.test(block)) continue;
      const other = pageOfBlock.get(block) ?? page;
      if (other !== page) found.push({ pages: [other, page], text: block });
      pageOfBlock.set(block, other);
    }
  return found;
}

function prose(text: string): string {
  return text
    .replaceAll(/^ *```[\s\S]*?^ *```$/gm, "")
    .replaceAll(/^#+ .*$/gm, "")
    .replaceAll(/<!--.*?-->/g, "")
    .replaceAll(/\]\([^)]*\)/g, "]");
}
