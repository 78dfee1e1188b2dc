// Which packages of package-lock.json are installed. Needs nothing but Node.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Packages that the scripts of the local stack use, in addition to those that the library depends on. */
const TOOLS = ["@types/mustache", "@types/node", "cdktf", "cdktf-cli", "constructs", "typescript"];

/**
 * The two files that npm installs from.
 *
 * @typedef {{ manifest: object, lockfile: { packages: Record<string, object> } }} Manifests
 */

/** Manifests of a project. @returns {Manifests} */
export function manifestsOf(root) {
  const read = (name) => JSON.parse(readFileSync(join(root, name), "utf8"));
  return { manifest: read("package.json"), lockfile: read("package-lock.json") };
}

/**
 * The same for the local stack only: without test tools, and without the bindings of providers (40 % of all bytes).
 * Versions and hashes are those of the whole lockfile.
 *
 * @param {Manifests} manifests
 * @returns {Manifests}
 */
export function localOnly({ manifest, lockfile }) {
  const versions = { ...manifest.devDependencies, ...manifest.dependencies };
  const names = [...Object.keys(manifest.dependencies ?? {}), ...TOOLS].filter((name) => name in versions);
  const dependencies = Object.fromEntries(names.map((name) => [name, versions[name]]));
  const { name, version } = manifest;
  const root = { name, version, dependencies };
  const kept = [...closure(names, lockfile.packages)].map((path) => [path, lockfile.packages[path]]);
  return { manifest: root, lockfile: { ...lockfile, packages: { "": root, ...Object.fromEntries(kept) } } };
}

/** Places of packages and of everything that they depend on. */
function closure(names, packages) {
  const found = new Set();
  const open = names.map((name) => placeOf("", name, packages));
  for (const place of open) {
    if (place === undefined || found.has(place)) continue;
    found.add(place);
    const { dependencies, optionalDependencies, peerDependencies } = packages[place];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      open.push(placeOf(place, name, packages));
  }
  return found;
}

/** Where Node finds a package: in the nearest node_modules, from the inside out. */
function placeOf(from, name, packages) {
  for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf("node_modules/") - 1))) {
    const path = `${place === "" ? "" : `${place}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (place === "") return undefined;
  }
}
