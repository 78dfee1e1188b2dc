import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CONTEXT } from "../../compose/images";
import { HEADER } from "../../compose/render";
import { CommandError } from "../error";
import { replaceFiles } from "../lock/replace-files";

const COMPOSE_FILE = "compose.yaml";

/**
 * Writes the files of a project, and removes files of an earlier one from its folder `image`. Other files stay, such as
 * `.env` and `compose.override.yaml`.
 *
 * @throws CommandError if the folder has files, but no `compose.yaml` of this command
 */
export function writeProject(folder: string, files: ReadonlyMap<string, string | Uint8Array>): void {
  checkFolder(folder);
  const context = join(folder, CONTEXT);
  const existing = existsSync(context) ? filesBelow(folder, CONTEXT) : [];
  const obsolete = existing.filter((path) => !files.has(path));
  replaceFiles(
    new Map<string, string | Uint8Array | undefined>([
      ...[...files].map(([path, content]) => [join(folder, path), content] as const),
      ...obsolete.map((path) => [join(folder, path), undefined] as const),
    ]),
  );
}

/**
 * Paths of the files in `directory` of `folder`, relative to `folder`. Does not follow links, unlike `recursive` of
 * `readdirSync`, whose entries have no path of their directory before Node 20.12.
 */
function filesBelow(folder: string, directory: string): string[] {
  return readdirSync(join(folder, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = `${directory}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(folder, path) : [path];
  });
}

function checkFolder(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  const file = join(folder, COMPOSE_FILE);
  if (existsSync(file) && readFileSync(file, "utf8").startsWith(HEADER)) return;
  throw new CommandError(
    `--output: got ${folder}, which has files but no ${COMPOSE_FILE} of this command. Hint: name a new or an empty folder`,
  );
}
