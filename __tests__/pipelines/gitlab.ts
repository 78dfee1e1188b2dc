import { parse } from "yaml";

/** Job of a pipeline of GitLab. */
export interface GitLabJob {
  readonly extends?: string;
  readonly before_script?: readonly string[];
  readonly script?: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly id_tokens?: object;
  readonly environment?: string;
  readonly rules?: readonly object[];
}

/** Jobs and hidden jobs of a pipeline, by name. */
export function jobsOf(text: string): ReadonlyMap<string, GitLabJob> {
  return new Map(Object.entries(parse(text)));
}

/** Scripts of a pipeline as lines, with the job that has them. */
export function scriptsOf(text: string): readonly (readonly [string, readonly string[]])[] {
  return [...jobsOf(text)].flatMap(([name, { before_script, script }]) =>
    [before_script, script].filter((lines) => lines !== undefined).map((lines) => [name, lines] as const),
  );
}
