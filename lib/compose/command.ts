import type { Service } from "../node/service";

/** Facts of a service: the name of its container, which only a shell in it knows, and a variable of Compose. */
export interface ContainerFacts {
  readonly threads: string;
  /** Name that has to resolve before the process starts. */
  readonly waitFor?: string;
}

/**
 * Returns the command of a service for `compose.yaml`. `$` is doubled, because `docker compose` replaces variables.
 *
 * A worker has the name of its container, so its command is a line of a shell. It first waits until the scheduler's name
 * resolves: otherwise Dask registers the worker with 127.0.0.1 while the scheduler restarts.
 */
export function command({ argv }: Pick<Service, "argv">, facts?: ContainerFacts): readonly string[] {
  if (facts === undefined) return argv.map(escapeCompose);
  const wait =
    facts.waitFor === undefined ? "" : `until getent ahosts ${facts.waitFor} > /dev/null; do sleep 1; done; `;
  return ["/bin/sh", "-c", `${wait}exec ${argv.map((word) => shellWord(word, facts)).join(" ")}`];
}

/** Returns a text as `docker compose` passes it on: it replaces `${NAME}`, and `$$` by `$`. */
export function escapeCompose(text: string): string {
  return text.replaceAll("$", "$$$$");
}

function shellWord(word: string, { threads }: ContainerFacts): string {
  return word
    .split(/(\$\{\w+\})/)
    .map((part) => {
      if (part === "${DASK_HOST}") return '"$$HOSTNAME"';
      if (part === "${DASK_THREADS}") return threads;
      return escapeCompose(quoted(part));
    })
    .join("");
}

function quoted(part: string): string {
  return /^[\w@%+=:,./-]*$/.test(part) ? part : `'${part.replaceAll("'", "'\\''")}'`;
}
