// Table of the properties of a declaration.

/**
 * Returns the table. Defaults have a column if a property has one.
 *
 * @param isInput whether users write the object, so that properties without default are required
 */
export function memberTable(context, members, isInput) {
  const properties = context.helpers.getFlattenedDeclarations(members);
  const defaults = properties.some((property) => commentOf(property)?.getTag("@default"));
  const header = ["Property", "Type", ...(defaults ? ["Default"] : []), "Description"];
  const rows = properties.map((property) => [
    `\`${property.name}${property.flags.isOptional ? "?" : ""}\``,
    context.partials.someType(typeOf(property)),
    ...(defaults
      ? [defaultOf(context, property) || (isInput && !property.flags.isOptional ? "required" : "")]
      : []),
    descriptionOf(context, property),
  ]);
  const line = (cells) => `| ${cells.map(inOneLine).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

const commentOf = ({ comment, getSignature, setSignature }) =>
  comment ?? getSignature?.comment ?? setSignature?.comment;

const typeOf = ({ type, getSignature, setSignature }) =>
  type ?? getSignature?.type ?? setSignature?.parameters[0].type;

function descriptionOf(context, property) {
  const comment = commentOf(property);
  return comment ? context.helpers.getCommentParts(comment.summary) : "";
}

/** A default is a literal, or a text that begins with a hyphen. */
function defaultOf(context, property) {
  const tag = commentOf(property)?.getTag("@default");
  if (!tag) return "";
  const text = context.helpers.getCommentParts(tag.content).trim();
  const value = text.replace(/^```ts\n([\s\S]*)\n```$/, "$1").replace(/^`([^`]*)`$/, "$1");
  return value.startsWith("- ") ? value.slice(2) : `\`${value}\``;
}

const inOneLine = (text) =>
  text
    .trim()
    .replaceAll(/\n\n+/g, "<br><br>")
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll(/(?<!\\)\|/g, "\\|");
