import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const NAME = "cdktf-dask";

const contents = new Map<string, string>();
let root: string | undefined;

/** Returns the folder of this package: that of `lib` in a checkout, that of `dist/lib` in an installed package. */
export function packageRoot(): string {
  root ??= findRoot(__dirname);
  return root;
}

/** Returns the text of a file of this package, such as `cloud-init/dask/dask.yaml`. Each file is read once. */
export function packageFile(path: string): string {
  let content = contents.get(path);
  if (content === undefined) {
    content = readFileSync(join(packageRoot(), path), "utf8");
    contents.set(path, content);
  }
  return content;
}

/** Paths of the files of this package in a folder and its folders, or of the one file; in order of the alphabet. */
export function packageFiles(path: string, extension: string): readonly string[] {
  if (!statSync(join(packageRoot(), path)).isDirectory()) return [path];
  return readdirSync(join(packageRoot(), path), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(extension))
    .map((name) => `${path}/${name.replaceAll("\\", "/")}`)
    .sort();
}

function findRoot(directory: string): string {
  const manifest = join(directory, "package.json");
  if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).name === NAME) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error(`no package.json of ${NAME} lies above ${__dirname}`);
  return findRoot(parent);
}
