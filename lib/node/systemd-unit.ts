import type { Service } from "./service";
import { renderTemplate, type Values } from "./template";

/**
 * The systemd unit of a service, from the template of its name. Machine facts stay as `${NAME}`, which systemd
 * replaces with what `/run/dask/machine.env` says at boot.
 *
 * @param values what the template asks for beside the service itself
 */
export function systemdUnit(service: Service, values: Values = {}): string {
  return renderTemplate(`cloud-init/dask/${service.name}.service`, {
    DESCRIPTION: service.description.replaceAll("%", "%%"),
    ENVIRONMENT: Object.entries(service.environment)
      .map((entry) => `Environment=${assignment(entry)}`)
      .join("\n"),
    EXEC_START: commandLine(service.argv),
    ...values,
  });
}

/** A command line as systemd reads it: words quoted where they need it, `%` and lone `$` doubled. */
export function commandLine(argv: readonly string[]): string {
  return argv.map((word) => quoted(word.replaceAll(/\$(?!\{\w+\})/g, "$$$$"))).join(" ");
}

function assignment([name, value]: readonly [string, string]): string {
  if (value.includes("${")) {
    throw new Error(
      `environment variable ${name} is '${value}'; systemd puts machine facts into arguments only, so make it one`,
    );
  }
  return quoted(`${name}=${value}`);
}

function quoted(word: string): string {
  if (/[\n\r]/.test(word)) throw new Error(`'${word}' spans lines; a unit takes one line a setting`);
  const escaped = word.replaceAll("%", "%%");
  return /^[\w@%+=:,./${}-]+$/.test(escaped) ? escaped : `"${escaped.replaceAll(/["\\]/g, "\\$&")}"`;
}
