import type { Service } from "./service";
import { renderTemplate, type Values } from "./template";
import { plainVariables, SECRET_VARIABLES, secretVariables } from "./variables";

/** A service, or a program with its environment whose template has another name. */
export type UnitService = Omit<Service, "name"> & { readonly name: string };

/**
 * Returns the systemd unit of a service, from the template of its name. Node facts stay as `${NAME}`, which systemd
 * replaces by values of `/run/dask/instance.env`.
 *
 * @param values values of the template that are not part of the service
 */
export function systemdUnit(service: UnitService, values: Values = {}): string {
  return renderTemplate(`cloud-init/dask/${service.name}.service`, {
    DESCRIPTION: service.description.replaceAll("%", "%%"),
    ENVIRONMENT: [
      ...Object.entries(service.environment).map((entry) => `Environment=${assignment(entry)}`),
      ...Object.entries(plainVariables(service)).map((entry) => `Environment=${exactAssignment(entry)}`),
      ...(Object.keys(secretVariables(service)).length > 0 ? [`EnvironmentFile=${SECRET_VARIABLES}`] : []),
    ].join("\n"),
    EXEC_START: commandLine(service.argv),
    ...values,
  });
}

/**
 * Returns a command line in the syntax of systemd: words quoted if necessary, `%` doubled, and `$` doubled outside of
 * `${NAME}`.
 */
export function commandLine(argv: readonly string[]): string {
  return argv.map((word) => quoted(word.replaceAll(/\$(?!\{\w+\})/g, "$$$$"))).join(" ");
}

function assignment([name, value]: readonly [string, string]): string {
  if (value.includes("${")) {
    throw new Error(
      `environment variable ${name} is '${value}'; systemd puts node facts into arguments only, so make it one`,
    );
  }
  return quoted(`${name}=${value}`);
}

/** systemd expands no `$` in `Environment=`, and reads C escapes (systemd.syntax(7), "Quoting"). */
function exactAssignment([name, value]: readonly [string, string]): string {
  const escaped = value.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `"${name}=${escaped.replaceAll("%", "%%")}"`;
}

function quoted(word: string): string {
  if (/[\n\r]/.test(word)) throw new Error(`'${word}' spans lines; a unit takes one line a setting`);
  const escaped = word.replaceAll("%", "%%");
  return /^[\w@%+=:,./${}-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll(/["\\]/g, "\\$&")}"`;
}
