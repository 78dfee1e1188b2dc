import { existsSync, readFileSync } from "node:fs";
import type { CommandContext } from "../../local/runtime/run-command";
import { packageFile } from "../../node/package-file";
import { CommandError } from "../error";
import { replaceFiles } from "../lock/replace-files";
import { synthesizeApp } from "../requests";
import { stackFolder, stackJson } from "../stacks";
import { type PipelineStack, pipelineFiles, SERVICES, type Service } from "./files";
import { nextSteps } from "./next-steps";

/** Options of the command `pipeline`. */
export interface PipelineOptions {
  /** Whether to replace files with other contents. @default false */
  readonly force?: boolean;
}

/** State backends that the pipeline of a service can use. */
const BACKENDS: Readonly<Record<Service, string>> = { github: "s3", gitlab: "s3", hcp: "hcp" };

const S3 = '{ type: "s3", bucket: "my-state", region: "eu-central-1" }';
const HCP = '{ type: "hcp", organization: "my-company", workspace: "dask-production" }';
const EXAMPLES: Readonly<Record<Service, string>> = { github: S3, gitlab: S3, hcp: HCP };

/**
 * Writes the files of a pipeline that plans and applies a stack on AWS into the project.
 *
 * @param service name of the CI service
 * @param name name of the stack
 * @throws CommandError for an unknown service or stack, a stack whose state is elsewhere, and files with other contents
 */
export async function pipeline(
  context: CommandContext,
  service: string,
  name: string,
  { force = false }: PipelineOptions,
): Promise<void> {
  const known = knownService(service);
  const stack = await synthesizeApp(
    context,
    () => ({}),
    (scratch) => describeStack(known, name, stackJson(stackFolder(scratch, name))),
  );
  const files = pipelineFiles(known, stack, (path) => packageFile(`pipelines/${path}`));
  const changed = [...files].filter(
    ([path, text]) => existsSync(path) && readFileSync(path, "utf8") !== text,
  );
  if (changed.length > 0 && !force)
    throw new CommandError(
      `got other contents in ${changed.map(([path]) => path).join(", ")}, expected none or those of this command. Hint: --force replaces them`,
    );
  replaceFiles(files);
  const lines = ["wrote", ...[...files.keys()].map((path) => `  ${path}`), ...nextSteps(known, stack)];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function knownService(service: string): Service {
  const known = SERVICES.find((known) => known === service);
  if (known !== undefined) return known;
  throw new CommandError(
    `service: got ${service}, expected ${SERVICES.join(", ")}. Hint: npx cdktf-dask pipeline github production`,
  );
}

interface StackJson {
  readonly terraform?: { readonly backend?: Readonly<Record<string, unknown>>; readonly cloud?: unknown };
  readonly provider?: { readonly aws?: readonly { readonly region?: string }[] };
}

/** Returns what the templates need from the synthesized JSON of a stack. */
function describeStack(service: Service, name: string, text: string): PipelineStack {
  const { terraform = {}, provider } = JSON.parse(text) as StackJson;
  const region = provider?.aws?.[0]?.region;
  if (region === undefined)
    throw new CommandError(
      `stack ${name}: got no AWS provider with a region, expected one. Hint: name a stack on AWS`,
    );
  const backend = terraform.cloud === undefined ? Object.keys(terraform.backend ?? {}).join() : "hcp";
  if (backend !== BACKENDS[service])
    throw new CommandError(
      `stack ${name}: got the state backend ${backend || "local"}, expected ${BACKENDS[service]} for ${service}. ` +
        `Hint: set backend in the definition, such as ${EXAMPLES[service]}`,
    );
  return { name, region };
}
