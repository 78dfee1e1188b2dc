import type { ResolvedCluster } from "../../config/resolved-cluster";
import { processSettings } from "../../node/process-settings";
import type { Service } from "../../node/service";
import { plainVariables, secretVariables } from "../../node/variables";
import { LocalStackError } from "../error";

/** Name of the file in the configuration directory of a program; Dask reads only files with the suffixes of YAML and JSON. */
export const VARIABLES_FILE = "variables";

/**
 * Returns the environment variables of a program for `run_dask.py`, as JSON: a text, or the variable of the user's shell
 * that has the value of a secret.
 */
export function variablesFile(service: Pick<Service, "variables">): string {
  const secrets = Object.keys(secretVariables(service)).map((name) => [name, { from: shellVariable(name) }]);
  return `${JSON.stringify({ ...plainVariables(service), ...Object.fromEntries(secrets) })}\n`;
}

/**
 * Returns the values of all secrets, by the variable of the user's shell that has them. Programs inherit them; no file has
 * them.
 *
 * @throws LocalStackError for a secret without such a variable
 */
export function secretsOfShell(
  cluster: ResolvedCluster,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const all = [undefined, ...cluster.pools].map((pool) => secretVariables(processSettings(cluster, pool)));
  const missing: string[] = [];
  const found = Object.entries(Object.assign({}, ...all)).flatMap(([name]) => {
    const value = env[shellVariable(name)];
    if (value === undefined) missing.push(name);
    return value === undefined ? [] : [[shellVariable(name), value] as const];
  });
  if (missing.length === 0) return Object.fromEntries(found);
  const names = [...new Set(missing)].map(shellVariable);
  throw new LocalStackError(
    `environmentVariables: got no ${names.join(" and no ")} in the environment, expected the value of the secret of ${missing.join(" and ")}: the local stack does not ask AWS. Hint: export ${names[0]}=…`,
  );
}

/** `npm start` passes only variables with this beginning to the local stack (`tool-environment.cjs`). */
function shellVariable(name: string): string {
  return `CDKTF_DASK_SECRET_${name}`;
}
