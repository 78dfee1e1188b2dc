import { readFileSync } from "node:fs";

/** A section of a document in Markdown, under a heading of the second level. */
export class Section {
  private readonly text: string;

  constructor(file: string, heading: string) {
    const [, ...sections] = readFileSync(file, "utf8").split(/^## /m);
    const found = sections.find((section) => section.startsWith(`${heading}\n`));
    if (found === undefined) throw new Error(`${file} has no section ${heading}`);
    this.text = found;
  }

  /** Contents of its code blocks in a language, without their indentation. */
  blocks(language: string): readonly string[] {
    const found = this.text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\`$`, "gm"));
    return [...found].map(([, indent = "", text = ""]) =>
      text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    );
  }

  /** Lines of its shell commands. */
  commands(): readonly string[] {
    return this.blocks("sh").flatMap((block) => block.trimEnd().split("\n"));
  }
}
