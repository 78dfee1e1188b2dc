// Index of the pages.

import { ReflectionKind } from "typedoc";

const INTRODUCTION = `What the package exports, from the doc comments of its source: written by \`npm run docs:api\`. Each page opens with a
program that compiles, and that synthesizes a stack if it creates constructs. For explanations, see the documents that the pages
link to. The Python package of clients has a [page](python.md) too.`;

/** Sections: title, and whether a page belongs to it. The first section that accepts a page has it. */
const SECTIONS = [
  ["Constructs", ({ file, main }) => /^lib\/(aws|local)/.test(file) && main.kindOf(ReflectionKind.Class)],
  ["Definition", ({ file }) => file.startsWith("lib/config")],
  ["Parts of a cluster", () => true],
];

/** Returns the page with links to all pages, and the first sentence of each. */
export function indexPage(context, project) {
  const pages = project.children.map((page) => {
    const main = page.children.find(({ name }) => name === page.name);
    const { comment } = main.signatures?.[0] ?? main;
    const text = context.helpers.getCommentParts(comment?.summary ?? []);
    const [sentence = ""] = /^.+?(?:\.(?=\s|$)|:(?=\n\n))/s.exec(text) ?? [];
    return {
      file: page.file,
      main,
      section: undefined,
      line: `| [\`${page.name}\`](${context.urlTo(page)}) | ${sentence.replaceAll("\n", " ")} |`,
    };
  });
  for (const page of pages) page.section = SECTIONS.find(([, accepts]) => accepts(page))[0];
  return [
    "# API reference",
    INTRODUCTION,
    ...SECTIONS.flatMap(([title]) => [
      `## ${title}`,
      [
        "| Page | |",
        "| --- | --- |",
        ...pages.filter(({ section }) => section === title).map(({ line }) => line),
      ].join("\n"),
    ]),
  ].join("\n\n");
}
