/**
 * Returns the first error of a log in one line, which is the cause: tools print its consequences after it. Returns `undefined`
 * if the log has no error in a known format.
 */
export function firstError(log: string): string | undefined {
  const lines = log.split("\n").map((line) => line.trimEnd());
  return pythonError(lines) ?? pipConnectionError(lines) ?? uvError(lines) ?? lineOf(lines);
}

/**
 * Python prints the first exception of a chain first. Its frames are indented; the exception is the next line with the same
 * indentation as the word Traceback.
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

/** pip reports connection errors in warnings; its error only states that there is no such package. */
function pipConnectionError(lines: readonly string[]): string | undefined {
  return first(lines, /^WARNING: Retrying .* after connection broken by '(.*)': /);
}

/** uv prints the cause last, as `cause:`, `Caused by:` (before 0.13) or at the end of a branch. */
function uvError(lines: readonly string[]): string | undefined {
  const start = lines.findIndex((line) => /^(error: | +× )/.test(line));
  if (start === -1) return undefined;
  const end = lines.findIndex((line, index) => index > start && !/^\s/.test(line));
  const chain = lines.slice(start, end === -1 ? undefined : end);
  const causes = chain.map((line) => /^\s+(?:Caused by: |cause: |[├╰]─▶ )(.*)/.exec(line)?.[1]);
  const last = causes.findLastIndex((cause) => cause !== undefined);
  if (last === -1) return lines[start]?.replace(/^(error: | +× )/, "");
  // A cause continues in indented lines.
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
