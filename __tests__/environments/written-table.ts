import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";

/** Returns a table in Markdown, with aligned columns. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(String));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [first = [], ...rest] = cells.map(line);
  return [first, line(widths.map((width) => "-".repeat(width))), ...rest].join("\n");
}

/** A computed table of the documentation, between two comments with its name. */
export class WrittenTable {
  private readonly path: string;

  constructor(
    file: string,
    private readonly name: string,
    private readonly command = "npm run docs:tables",
  ) {
    this.path = join(packageRoot(), "docs", file);
  }

  /** The table as it is in the file. */
  get text(): string {
    return this.parts().written;
  }

  /** Writes a table into the file. */
  write(text: string): void {
    const { before, after } = this.parts();
    writeFileSync(this.path, before + text + after);
  }

  private parts() {
    const text = readFileSync(this.path, "utf8");
    const start = `<!-- ${this.name}: written by ${this.command} -->\n\n`;
    const end = `\n\n<!-- end of ${this.name} -->`;
    const from = text.indexOf(start);
    const to = text.indexOf(end);
    if (from < 0 || to < 0)
      throw new Error(`${this.path}: the comments around the table ${this.name} are gone`);
    const body = from + start.length;
    return { before: text.slice(0, body), written: text.slice(body, to), after: text.slice(to) };
  }
}
