import { packageFile } from "../../node/package-file";
import type { LockRequest } from "../../node/packages/lock-request";
import { type LockKind, releaseLockfile } from "../../node/packages/lockfile";
import { normalized } from "../../node/packages/wheel";
import { locations, type Uv, type UvResult } from "../uv";
import { type Dependency, dependencies, reasonOf, sentence } from "./messages";
import { minimalConflict } from "./minimal-conflict";
import { pinsOf } from "./pins";
import type { Workspace } from "./resolution";

/** Requirement of the user, or a wheel. */
export interface Addition {
  /** In the notation of PEP 508. */
  readonly requirement: string;
  /** As the user wrote it. */
  readonly label: string;
}

/** Characters after which a message of uv is a trace that nobody reads. */
const MAX_MESSAGE = 3000;

/** Conflicts that are reported together. */
const MAX_CONFLICTS = 5;

const VERSIONS_HINT = "Hint: change the versions in environment.packages, or choose another release";

/** Explains why packages cannot be resolved: one sentence for each conflict. */
export class Explanation {
  /** Version of Python for which there is no solution. There is none for lower ones. */
  private readonly python: string;

  /** @param pythons versions of Python, lowest first */
  constructor(
    private readonly workspace: Workspace,
    private readonly request: LockRequest,
    private readonly uv: Uv,
    private readonly pythons: readonly string[],
    private readonly kind: LockKind,
  ) {
    this.python = pythons.at(-1) ?? request.release.python;
  }

  /** @param failed the result of uv for the additions */
  async of(additions: readonly Addition[], failed: UvResult): Promise<readonly string[]> {
    const sentences: string[] = [];
    let rest = additions;
    for (let count = 0; count < MAX_CONFLICTS; count++) {
      if (count > 0 && !(await this.fails(rest))) break;
      const conflict = await minimalConflict(rest, (part) => this.fails(part));
      if (conflict.length === 0) {
        const cause = shortened(sentence(failed.messages));
        return [
          `release ${this.request.release.name} cannot be resolved from ${locations(this.uv.index)}: ${cause}`,
        ];
      }
      sentences.push(await this.sentenceOf(conflict));
      rest = rest.filter((addition) => !conflict.includes(addition));
    }
    return sentences;
  }

  private async fails(part: readonly Addition[]): Promise<boolean> {
    return !(await this.resolve(part, true)).succeeded;
  }

  private resolve(
    part: readonly Addition[],
    release: boolean,
    python = this.python,
    constraints?: readonly string[],
  ): Promise<UvResult> {
    return this.workspace.resolve({
      added: part.map(({ requirement }) => requirement),
      python,
      ...(release && { kind: this.kind, preferences: this.lockfile() }),
      ...(constraints !== undefined && { constraints }),
    });
  }

  private lockfile(): string {
    return packageFile(releaseLockfile(this.request.release.name, this.kind));
  }

  private async sentenceOf(conflict: readonly Addition[]): Promise<string> {
    const labels = conflict.map(({ label }) => label).join(" and ");
    // A lower Python may have wheels of older versions; then the conflict is with the release.
    for (const python of this.pythons) {
      const alone = await this.resolve(conflict, false, python);
      if (alone.succeeded) return `${labels} ${await this.clash(conflict, python)}. ${VERSIONS_HINT}`;
      if (python !== this.python) continue;
      if (conflict.length === 1) return `${labels} ${this.unavailable(conflict[0], alone)}`;
      return `${labels} conflict with each other: ${facts(alone.messages, new Map())}. ${VERSIONS_HINT}`;
    }
    return labels;
  }

  /** Describes a conflict with the release, as the rest of a sentence. */
  private async clash(conflict: readonly Addition[], python: string): Promise<string> {
    const lockfile = this.lockfile();
    const pins = pinsOf(lockfile);
    const lines = [...pins].flatMap(([name, version]) =>
      version.includes(",") ? [] : [`${name}==${version}`],
    );
    const whole = (await this.resolve(conflict, true, python)).messages;
    // With all versions of the release, the message of uv is short.
    const messages =
      whole.length <= MAX_MESSAGE ? whole : (await this.resolve(conflict, true, python, lines)).messages;
    const verb = conflict.length === 1 ? "conflicts" : "together conflict";
    const start = `${verb} with release ${this.request.release.name}`;
    const clash = clashOf(messages, pins, conflict);
    if (clash === undefined) return `${start}: ${facts(messages, pins)}`;
    const found = dependencies(messages).filter(({ target }) => target === clash);
    const needs = described(found, pins) ?? neededBy(lockfile, clash);
    return `${start}, which has ${clash}==${pins.get(clash)}${needs === undefined ? "" : `: ${needs}`}`;
  }

  /** Describes a requirement that cannot be resolved without the release, as the rest of a sentence. */
  private unavailable(addition: Addition | undefined, { messages }: UvResult): string {
    const own = normalized(/^[A-Za-z0-9._-]+/.exec(addition?.requirement ?? "")?.[0] ?? "");
    const index = `the package index ${locations(this.uv.index)}`;
    const reason = reasonOf(messages);
    const needs = (name: string) => (normalized(name) === own ? "it" : `${name}, which it needs,`);
    const nameOf = (text: string) => /^[A-Za-z0-9._-]+/.exec(text)?.[0] ?? text;
    switch (reason?.kind) {
      case "unknown":
        return `cannot be installed: ${needs(reason.name)} is not in ${index}. Hint: check the name; environment.index.extraUrls adds an index, environment.wheels a wheel`;
      case "no version":
        return `cannot be installed: ${index} has ${reason.found}. Hint: change its versions`;
      case "source":
        return `cannot be installed: ${reason.package} has no wheel, only a source distribution. Hint: choose another version, or build a wheel and add it to environment.wheels`;
      case "no wheel":
        return `cannot be installed: ${needs(nameOf(reason.package))} has no wheel for Python ${this.python}${reason.wheels === undefined ? "" : `, only ${reason.wheels}`}. Hint: choose another version, or add a wheel to environment.wheels`;
      default:
        return `cannot be installed: ${shortened(sentence(messages))}`;
    }
  }
}

/** Returns the package of the release on which the requirements and the release disagree. */
function clashOf(
  messages: string,
  pins: ReadonlyMap<string, string>,
  conflict: readonly Addition[],
): string | undefined {
  const named = conflict.map(({ requirement }) =>
    normalized(/^[A-Za-z0-9._-]+/.exec(requirement)?.[0] ?? ""),
  );
  const own = named.find((name) => pins.has(name));
  if (own !== undefined) return own;
  const found = dependencies(messages);
  return found.find(({ name, target }) => !pins.has(name) && pins.has(target))?.target;
}

/** Returns dependencies as a list, those of the user's packages first; undefined if there are none. */
function described(found: readonly Dependency[], pins: ReadonlyMap<string, string>): string | undefined {
  if (found.length === 0) return undefined;
  const ordered = [...found].sort((a, b) => Number(pins.has(a.name)) - Number(pins.has(b.name)));
  return ordered
    .slice(0, 4)
    .map(({ name, subject, required }) => {
      const version = pins.get(name);
      return `${version === undefined ? subject : `${name}==${version}`} depends on ${required}`;
    })
    .join(", ");
}

/** Returns which packages of the release need one of them; undefined if only the release itself does. */
function neededBy(lockfile: string, name: string): string | undefined {
  const notes = lockfile.split(`\n${name}==`)[1]?.match(/^ {4}# via (.*)/m)?.[1] ?? "";
  const names = notes.split(", ").filter((source) => source !== "" && !source.startsWith("-r "));
  return names.length === 0 ? undefined : `needed by ${names.join(", ")}`;
}

function facts(messages: string, pins: ReadonlyMap<string, string>): string {
  return described(dependencies(messages), pins) ?? shortened(sentence(messages));
}

function shortened(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 400)} …`;
}
