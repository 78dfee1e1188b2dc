// Theme of the pages. A page opens with its main declaration and an example; then come props, properties and methods, and
// the other declarations of the page. The plugin renders types and signatures.

import { ReflectionKind } from "typedoc";
import { MarkdownTheme, MarkdownThemeContext } from "typedoc-plugin-markdown";
import { programOf } from "./example.mjs";
import { indexPage } from "./index-page.mjs";
import { memberTable } from "./member-table.mjs";

/** Plugin with the theme `reference`. */
export function defineTheme(app) {
  app.renderer.defineTheme("reference", ReferenceTheme);
}

class ReferenceTheme extends MarkdownTheme {
  getRenderContext(page) {
    return new Context(this, page, this.application.options);
  }
}

class Context extends MarkdownThemeContext {
  constructor(theme, page, options) {
    super(theme, page, options);
    this.templates.reflection = ({ model }) =>
      model.isProject() ? indexPage(this, model) : this.pageOf(model);
    const { getCommentParts } = this.helpers;
    this.helpers.getCommentParts = (parts) => getCommentParts(parts.map((part) => this.linked(part)));
  }

  /** Link to the page or heading of a declaration. */
  urlTo(reflection) {
    const page = reflection.parent;
    if (reflection.isProject() || page.isProject()) return super.urlTo(reflection);
    if (page.kind !== ReflectionKind.Module) return this.urlTo(page);
    const heading = `#${reflection.name.toLowerCase()}`;
    if (page === this.page.model) return heading;
    return page.name === reflection.name ? super.urlTo(page) : super.urlTo(page) + heading;
  }

  pageOf(page) {
    const main = page.children.find(({ name }) => name === page.name);
    const props = page.children.find(({ name }) => name === `${page.name}Props`);
    const others = page.children.filter((child) => child !== main && child !== props);
    return [
      `# ${page.name}`,
      ...this.opening(main),
      ...(props ? [`## ${props.name}`, ...this.declaration(props)] : []),
      ...this.members(main, "##"),
      ...others.flatMap((other) => [`## ${other.name}`, ...this.declaration(other)]),
    ].join("\n\n");
  }

  /** Description, example, signature and errors of a main declaration. */
  opening(main) {
    const documented = main.signatures?.[0] ?? main;
    const [example] = documented.comment?.getTags("@example") ?? [];
    return [
      this.description(documented),
      ...(example ? [`\`\`\`ts\n${programOf(codeOf(example), this.exported())}\n\`\`\``] : []),
      ...this.signatures(main),
      ...this.throws(documented),
    ];
  }

  declaration(model) {
    const documented = model.signatures?.[0] ?? model;
    const example = documented.comment?.getTags("@example")[0];
    return [
      this.description(documented),
      ...(example ? [`\`\`\`ts\n${codeOf(example)}\n\`\`\``] : []),
      ...this.signatures(model),
      ...this.throws(documented),
      ...this.members(model, "###"),
    ];
  }

  /** How a declaration is written: call, constructor, value or type; then what it extends. */
  signatures(model) {
    const build = model.children?.find(({ kind }) => kind === ReflectionKind.Constructor);
    const supertypes = [...(model.extendedTypes ?? []), ...(model.implementedTypes ?? [])];
    return [
      ...(model.signatures ?? build?.signatures ?? []).map((signature) =>
        this.partials.signatureTitle(signature),
      ),
      ...(model.kindOf(ReflectionKind.TypeAlias | ReflectionKind.Variable)
        ? [this.partials.declarationTitle(model)]
        : []),
      ...(model.indexSignatures ?? []).map((signature) => `> ${this.partials.indexSignature(signature)}`),
      ...(supertypes.length > 0
        ? [`Extends ${supertypes.map((type) => this.partials.someType(type)).join(", ")}.`]
        : []),
    ];
  }

  /** Tables of properties and methods. Those of documented supertypes are on their pages. */
  members(model, heading) {
    const members = (model.children ?? []).filter((child) => !child.inheritedFrom?.reflection);
    const values = members.filter((child) => child.kindOf(ReflectionKind.Property | ReflectionKind.Accessor));
    const methods = members.filter((child) => child.kindOf(ReflectionKind.Method));
    const titled = model.kindOf(ReflectionKind.Class) || methods.length > 0 || heading === "##";
    return [
      ...(values.length > 0 && titled ? [`${heading} Properties`] : []),
      ...(values.length > 0 ? [memberTable(this, values, methods.length === 0)] : []),
      ...(methods.length > 0 ? [`${heading} Methods`] : []),
      ...methods.flatMap(({ name, signatures = [] }) => [
        `${heading}# ${name}`,
        ...signatures.flatMap((signature) => [
          this.partials.signatureTitle(signature),
          this.description(signature),
          ...this.throws(signature),
        ]),
      ]),
    ];
  }

  description({ comment }) {
    return comment ? this.helpers.getCommentParts(comment.summary).trim() : "";
  }

  throws({ comment }) {
    const tags = comment?.getTags("@throws") ?? [];
    return tags.map(({ content }) => `Throws ${this.helpers.getCommentParts(content).trim()}.`);
  }

  /** Names of the classes and functions that users import. */
  exported() {
    return this.page.project.children
      .flatMap(({ children }) => children)
      .filter((child) =>
        child.kindOf(ReflectionKind.Class | ReflectionKind.Function | ReflectionKind.Variable),
      )
      .map(({ name }) => name);
  }

  /** Links names of declarations in backticks to their pages, and files of `docs` to themselves. */
  linked(part) {
    if (part.kind === "text")
      return { ...part, text: part.text.replaceAll(/\bdocs\/([\w-]+\.md)/g, "[docs/$1](../$1)") };
    if (part.kind !== "code") return part;
    const [, file] = /^`docs\/([\w-]+\.md)`$/.exec(part.text) ?? [];
    if (file) return { kind: "text", text: `[docs/${file}](../${file})` };
    const target = this.page.project.children
      .flatMap(({ children }) => children)
      .find(({ name }) => part.text === `\`${name}\``);
    if (!target || target.parent === this.page.model) return part;
    return { kind: "text", text: `[${part.text}](${this.urlTo(target)})` };
  }
}

/** Code of an example, without its fence. */
const codeOf = ({ content }) =>
  content
    .map(({ text }) => text)
    .join("")
    .replace(/^```ts\n/, "")
    .replace(/\n```$/, "");
