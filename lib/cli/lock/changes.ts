import { pinsOf } from "./pins";

/** Row of the table of changes. */
interface Change {
  readonly word: "added" | "changed" | "removed";
  readonly name: string;
  readonly versions: string;
}

/**
 * Returns a table of what differs between two lockfiles. Of the added packages, it lists those that the user names; the
 * others are their dependencies.
 *
 * @param named normalized names of the user's requirements and wheels
 */
export function tableOfChanges(before: string, after: string, named: ReadonlySet<string>): readonly string[] {
  const [old, now] = [pinsOf(before), pinsOf(after)];
  const changes: readonly Change[] = [
    ...[...now].flatMap(([name, version]): Change[] => {
      const previous = old.get(name);
      if (previous === version) return [];
      if (previous === undefined) return [{ word: "added", name, versions: version }];
      return [{ word: "changed", name, versions: `${previous} → ${version}` }];
    }),
    ...[...old]
      .filter(([name]) => !now.has(name))
      .map(([name, versions]): Change => ({ word: "removed", name, versions })),
  ];
  const shown = changes.filter(({ word, name }) => word !== "added" || named.has(name));
  const width = Math.max(...shown.map(({ name }) => name.length), 0);
  const rows = shown.map(
    ({ word, name, versions }) => `  ${word.padEnd(8)} ${name.padEnd(width)}  ${versions}`,
  );
  const others = changes.length - shown.length;
  return others === 0
    ? rows
    : [...rows, `  added    ${others} ${others === 1 ? "package" : "packages"} that they need`];
}
