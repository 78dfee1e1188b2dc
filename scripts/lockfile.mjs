// Selects the packages of package-lock.json for the local stack. Needs only Node.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Packages that the local stack needs in addition to the dependencies of the library. */
const TOOLS = ["@types/mustache", "@types/node", "cdktf", "cdktf-cli", "constructs", "typescript"];

/**
 * The two files from which npm installs.
 *
 * @typedef {{ manifest: object, lockfile: { packages: Record<string, object> } }} Manifests
 */

/** Reads the manifests of a project. @returns {Manifests} */
export function manifestsOf(root) {
  const read = (name) => JSON.parse(readFileSync(join(root, name), "utf8"));
  return { manifest: read("package.json"), lockfile: read("package-lock.json") };
}

/**
 * Returns the manifests for the local stack only: without test tools and bindings of providers (40 % of all bytes). Versions
 * and hashes are the same.
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

/** Paths of packages and all their dependencies. */
function closure(names, packages) {
  const found = new Set();
  const open = names.map((name) => pathOf("", name, packages));
  for (const path of open) {
    if (path === undefined || found.has(path)) continue;
    found.add(path);
    const { dependencies, optionalDependencies, peerDependencies } = packages[path];
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }))
      open.push(pathOf(path, name, packages));
  }
  return found;
}

/** Path at which Node finds a package: in the nearest node_modules. */
function pathOf(from, name, packages) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (path in packages) return path;
    if (folder === "") return undefined;
  }
}
