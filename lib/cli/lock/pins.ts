/** Line of a lockfile with a package: name, extras, version. */
const PIN = /^([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==([^ ;\\]+)/gm;

/** Returns the version of each package in a lockfile. A package has several if they differ by platform: `1.0, 2.0`. */
export function pinsOf(lockfile: string): ReadonlyMap<string, string> {
  const pins = new Map<string, string>();
  for (const [, name = "", version = ""] of lockfile.matchAll(PIN)) {
    const other = pins.get(name);
    pins.set(name, other === undefined ? version : `${other}, ${version}`);
  }
  return pins;
}

/** Returns the entry of a package in a lockfile: its line and the hashes. */
const ENTRY = (name: string) => new RegExp(String.raw`^${name}==.*(?:\n {4}.*)*\n`, "gm");

/** Replaces the hashes of a package in a lockfile. */
export function withHashes(lockfile: string, name: string, hashes: readonly string[]): string {
  return lockfile.replaceAll(ENTRY(name), (entry) => {
    const [pin = "", ...rest] = entry.trimEnd().split("\n");
    const lines = [pin.replace(/ \\$/, ""), ...hashes.map((hash) => `    --hash=sha256:${hash}`)];
    const notes = rest.filter((line) => line.startsWith("    #"));
    return `${[lines.join(" \\\n"), ...notes].join("\n")}\n`;
  });
}

/** Returns the entries of the packages of a lockfile that another one does not have, as text. */
export function entriesNotIn(lockfile: string, other: string): string {
  const there = pinsOf(other);
  const names = [...pinsOf(lockfile).keys()].filter((name) => !there.has(name));
  return names.flatMap((name) => lockfile.match(ENTRY(name)) ?? []).join("");
}
