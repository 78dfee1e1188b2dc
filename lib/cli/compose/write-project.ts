import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
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
  const existing = existsSync(context)
    ? readdirSync(context, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    : [];
  const obsolete = existing.filter((path) => !files.has(path.replaceAll("\\", "/")));
  replaceFiles(
    new Map<string, string | Uint8Array | undefined>([
      ...[...files].map(([path, content]) => [join(folder, path), content] as const),
      ...obsolete.map((path) => [join(folder, path), undefined] as const),
    ]),
  );
}

function checkFolder(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  const file = join(folder, COMPOSE_FILE);
  if (existsSync(file) && readFileSync(file, "utf8").startsWith(HEADER)) return;
  throw new CommandError(
    `--output: got ${folder}, which has files but no ${COMPOSE_FILE} of this command. Hint: name a new or an empty folder`,
  );
}
