import { join } from "node:path";
import { packageRoot } from "../../node/package-file";

/** A command and the variables that it needs. */
export interface PythonModule {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Runs a module of the Python package `cdktf_dask` from this package, without installing it. Nothing is written there, and
 * no file in the working directory replaces a module (`-P`).
 *
 * @param python path of an interpreter that has what the module imports
 * @param module such as `smoke_test`
 */
export function pythonModule(python: string, module: string): PythonModule {
  return {
    argv: [python, "-P", "-m", `cdktf_dask.${module}`],
    env: { PYTHONPATH: join(packageRoot(), "python/src"), PYTHONDONTWRITEBYTECODE: "1" },
  };
}
