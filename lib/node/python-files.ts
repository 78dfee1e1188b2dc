import { LIBRARY, PYTHON, script, text } from "./node-files";
import type { NodeFile } from "./node-plan";
import { packageFile, packageFiles } from "./package-file";

/** The Python package, below the root of this package. */
const SOURCES = "python/src";

/** Parts of the Python package that nodes run, with all that these import from it. */
const PARTS = ["cdktf_dask/__init__.py", "cdktf_dask/node", "cdktf_dask/preloads", "cdktf_dask/tls"];

/** Program that runs a module of `cdktf_dask.node` on a node. */
const RUN = `${LIBRARY}/run.sh`;

/** Returns the Python that nodes run: the parts of the package, and the program that starts a module of it. */
export function pythonFiles(): readonly NodeFile[] {
  return [script("base/run.sh"), ...PARTS.flatMap(pythonSources)];
}

/** Returns a part of the Python package, such as `cdktf_dask/node`, as files of a node. */
export function pythonSources(part: string): readonly NodeFile[] {
  return packageFiles(`${SOURCES}/${part}`, ".py").map((path) =>
    text(`${PYTHON}/${path.slice(SOURCES.length + 1)}`, packageFile(path)),
  );
}

/** Returns the command line on a node that runs a module of `cdktf_dask.node`. */
export function moduleCommand(module: string, ...argv: readonly string[]): readonly string[] {
  return [RUN, module, ...argv];
}
