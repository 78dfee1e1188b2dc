import type { EnvironmentValue, SecretReference } from "../config/definition";
import { LIBRARY, text } from "./node-files";
import type { NodeFeature } from "./node-plan";
import type { Service } from "./service";

/** File with the variables whose values are secrets: in memory, and only root can read it. */
export const SECRET_VARIABLES = "/run/dask/variables.env";

/** File that names the secret of each variable; `cdktf_dask.node.variables` reads it. */
const REFERENCES = `${LIBRARY}/variables.json`;

/** Returns the variables whose values are references to secrets. */
export function secretVariables({
  variables,
}: Pick<Service, "variables">): Readonly<Record<string, SecretReference>> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, SecretReference] => !isPlain(entry[1])),
  );
}

/** Returns the variables whose values are in the definition. */
export function plainVariables({ variables }: Pick<Service, "variables">): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).filter((entry): entry is [string, string] => isPlain(entry[1])),
  );
}

/** Returns the boot step `variables`, which reads the secrets; none for a service without secrets. */
export function variablesFeatures(service: Service): readonly NodeFeature[] {
  const secrets = Object.entries(secretVariables(service)).map(([name, { secretsManager, key }]) => [
    name,
    { secret: secretsManager, ...(key === undefined ? {} : { key }) },
  ]);
  if (secrets.length === 0) return [];
  const references = JSON.stringify(Object.fromEntries(secrets), null, 2);
  return [{ packages: [], steps: ["variables"], settings: {}, files: [text(REFERENCES, `${references}\n`)] }];
}

function isPlain(value: EnvironmentValue): value is string {
  return typeof value === "string";
}
