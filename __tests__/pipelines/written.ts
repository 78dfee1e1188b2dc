import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipelineFiles, type Service } from "../../lib/cli/pipeline/files";
import { packageFile } from "../../lib/node/package-file";

/** Files of the pipeline of the stack `research`, by path. */
export function filesOf(service: Service): ReadonlyMap<string, string> {
  return pipelineFiles(service, { name: "research", region: "eu-central-1" }, (path) =>
    packageFile(`pipelines/${path}`),
  );
}

/** Writes files below a folder, and returns their paths. */
export function writeBelow(folder: string, files: ReadonlyMap<string, string>): readonly string[] {
  return [...files].map(([path, text]) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  });
}
