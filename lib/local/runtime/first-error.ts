/**
 * The error that a log's failure began with, as one line: tools print what it led to after it, and programs that are
 * started again print it again. `undefined` if the log has no error that is known by its form.
 */
export function firstError(log: string): string | undefined {
  const lines = log.split("\n").map((line) => line.trimEnd());
  return pythonError(lines) ?? pipConnectionError(lines) ?? uvError(lines) ?? lineOf(lines);
}

/**
 * Python prints a chain of exceptions with the first one on top. After its frames, which are indented, a line begins
 * where the word Traceback does: the exception.
 */
function pythonError(lines: readonly string[]): string | undefined {
  const header = /^([\s|+]*)(?:Exception Group )?Traceback \(most recent call last\):$/;
  const start = lines.findIndex((line) => header.test(line));
  if (start === -1) return undefined;
  const margin = header.exec(lines[start] ?? "")?.[1]?.length ?? 0;
  return lines
    .slice(start + 1)
    .map((line) => line.slice(margin))
    .find((line) => /^\S/.test(line));
}

/** pip warns of each attempt, and says in its error only that there is no such package. */
function pipConnectionError(lines: readonly string[]): string | undefined {
  return first(lines, /^WARNING: Retrying .* after connection broken by '(.*)': /);
}

/** uv prints the cause last, either as `Caused by:` or at the end of a branch. */
function uvError(lines: readonly string[]): string | undefined {
  const start = lines.findIndex((line) => /^(error: | +× )/.test(line));
  if (start === -1) return undefined;
  const end = lines.findIndex((line, index) => index > start && !/^\s/.test(line));
  const chain = lines.slice(start, end === -1 ? undefined : end);
  const causes = chain.map((line) => /^\s+(?:Caused by: |[├╰]─▶ )(.*)/.exec(line)?.[1]);
  const last = causes.findLastIndex((cause) => cause !== undefined);
  if (last === -1) return lines[start]?.replace(/^(error: | +× )/, "");
  // A cause goes on in lines with a margin of their own.
  const rest = chain.slice(last + 1).map((line) => line.trim());
  return [causes[last], ...rest.filter((line) => !/^(help|hint):/.test(line))].join(" ").trim();
}

function lineOf(lines: readonly string[]): string | undefined {
  return (
    first(lines, /^(?:ERROR|Error|error|fatal error): (.*)/) ??
    first(lines, /^(Fatal Python error: .*)/) ??
    first(lines, / - (?:ERROR|CRITICAL) - (.*)/) ??
    first(lines, /^((?:[\w.]+\.)?\w*(?:Error|Exception)\b.*)/)
  );
}

function first(lines: readonly string[], pattern: RegExp): string | undefined {
  for (const line of lines) {
    const [, found] = pattern.exec(line) ?? [];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The last line of a text that is not blank. */
export function lastLine(text: string): string | undefined {
  return text.trimEnd().split("\n").at(-1) || undefined;
}
