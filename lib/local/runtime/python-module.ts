import { join } from "node:path";
import { packageRoot } from "../../node/package-file";

/** A command and its environment variables. */
export interface PythonModule {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Returns the command for a module of the Python package `cdktf_dask`, without installation. It writes no compiled files into
 * this package, and does not import modules from the working directory (`-P`).
 *
 * @param python path of an interpreter with the packages that the module imports
 * @param module such as `smoke_test`
 */
export function pythonModule(python: string, module: string): PythonModule {
  return {
    argv: [python, "-P", "-m", `cdktf_dask.${module}`],
    env: { PYTHONPATH: join(packageRoot(), "python/src"), PYTHONDONTWRITEBYTECODE: "1" },
  };
}
