import Mustache from "mustache";
import { packageFile } from "./package-file";

/** Named values of a template. */
export type Values = Readonly<Record<string, string>>;

/**
 * Renders a template file of this package: replaces each `{{NAME}}` by its value, without logic and escaping.
 *
 * @throws Error for a name without a value, and for a value whose name is not in the template
 */
export function renderTemplate(path: string, values: Values): string {
  const template = packageFile(path);
  const names = new Set(namesIn(template, path));
  const missing = [...names].filter((name) => values[name] === undefined);
  const unused = Object.keys(values).filter((name) => !names.has(name));
  if (missing.length > 0) throw new Error(`${path} has no value for ${missing.join(", ")}; give one`);
  if (unused.length > 0) {
    throw new Error(
      `${path} has no use for ${unused.join(", ")}, expected ${[...names].join(", ") || "no values"}`,
    );
  }
  return Mustache.render(template, values, undefined, { escape: (value) => value });
}

function namesIn(template: string, path: string): string[] {
  return Mustache.parse(template).flatMap(([type, name]) => {
    if (type === "text" || type === "!") return [];
    if (type === "name") return [name];
    throw new Error(`${path} holds {{${type}${name}}}, expected {{NAME}} alone`);
  });
}
