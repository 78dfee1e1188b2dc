/** Statement of uv: a package, at some versions, depends on another one, at some versions. */
export interface Dependency {
  readonly name: string;
  /** Name and versions, such as `dask-ml>=2025.1.0`. */
  readonly subject: string;
  readonly target: string;
  /** Name and versions of the target, such as `pandas>=2.0`. */
  readonly required: string;
}

const SPECIFIER = String.raw`([A-Za-z0-9][A-Za-z0-9._-]*?)(?:\[[^\]]*\])?((?:[=<>!~]=?=?[^\s,]+(?:,[=<>!~]=?=?[^\s,]+)*)?)`;
const DEPENDS = new RegExp(String.raw`\b${SPECIFIER} depends? on ${SPECIFIER}(?=[\s,.]|$)`, "g");

/** Returns the message of uv in one line, without its hints. */
export function sentence(messages: string): string {
  const [main = ""] = messages.split(/\n\s*\n?hint: /);
  return main
    .replace(/^error: No solution found[^\n]*\n/, "")
    .replaceAll(/\s+/g, " ")
    .replace(/^ ?(cause: |×|╰─▶)\s*/, "")
    .trim();
}

/** Returns the dependencies in a message of uv, one for each pair of packages. */
export function dependencies(messages: string): readonly Dependency[] {
  const found = [...sentence(messages).matchAll(DEPENDS)].map(
    ([, name = "", versions = "", target = "", required = ""]) => ({
      name,
      subject: `${name}${versions}`,
      target,
      required: `${target}${trimmed(required)}`,
    }),
  );
  const pair = ({ name, target }: Dependency) => `${name} ${target}`;
  return found.filter((one, index) => found.findIndex((other) => pair(other) === pair(one)) === index);
}

/** Why a requirement has no solution without other requirements. */
export type Reason =
  | { readonly kind: "unknown"; readonly name: string }
  | { readonly kind: "no version"; readonly found: string }
  | { readonly kind: "source"; readonly package: string }
  | { readonly kind: "no wheel"; readonly package: string; readonly wheels?: string };

/** Returns the first reason in a message of uv; undefined for reasons that are not in this list. */
export function reasonOf(messages: string): Reason | undefined {
  const text = sentence(messages);
  const first = (pattern: RegExp) => pattern.exec(text)?.[1];
  const unknown = first(/\b(\S+) was not found in the (?:package registry|provided package locations)/);
  if (unknown !== undefined) return { kind: "unknown", name: unknown };
  const source = first(/\b(\S+) has no usable wheels/);
  if (source !== undefined) return { kind: "source", package: source };
  const wheel = first(/\b(\S+) has no wheels with a matching/);
  if (wheel !== undefined) {
    const wheels = /hint: Wheels are available for .* (?:on|with) (?:the following )?(.+)/.exec(
      messages,
    )?.[1];
    return {
      kind: "no wheel",
      package: wheel,
      ...(wheels !== undefined && { wheels: wheels.replaceAll("`", "") }),
    };
  }
  const available = first(/\bonly (\S+) is available/);
  if (available !== undefined) return { kind: "no version", found: `only ${trimmed(available)}` };
  const missing = first(/\bthere is no version of (\S+)/);
  if (missing !== undefined) return { kind: "no version", found: `no ${trimmed(missing)}` };
  return undefined;
}

/** uv ends a sentence with a period right after a version. */
function trimmed(versions: string): string {
  return versions.replace(/[.,]+$/, "");
}
