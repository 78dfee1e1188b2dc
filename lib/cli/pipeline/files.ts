/** CI services, and HCP Terraform, for which the command `pipeline` writes files. */
export const SERVICES = ["github", "gitlab", "hcp"] as const;

/** Where a pipeline runs. */
export type Service = (typeof SERVICES)[number];

/** What stands in the templates for values of the stack. */
const STACK = "__STACK__";
const REGION = "__REGION__";

/** Terraform's steps, which all services share. */
const STEPS = {
  "shared/init.sh": "pipeline/init.sh",
  "shared/lock.sh": "pipeline/lock.sh",
  "shared/plan.sh": "pipeline/plan.sh",
  "shared/apply.sh": "pipeline/apply.sh",
};

/** Steps of HCP Terraform, which has its own plan and apply. */
const HCP_STEPS = {
  "shared/init.sh": "pipeline/init.sh",
  "shared/lock.sh": "pipeline/lock.sh",
  "hcp/hcp-upload.mjs": "pipeline/hcp-upload.mjs",
  "hcp/hcp-commit.sh": "pipeline/hcp-commit.sh",
};

/** Path in the user's project of each template in `pipelines/`. */
const TEMPLATES: Readonly<Record<Service, Readonly<Record<string, string>>>> = {
  github: { "github/workflow.yml": `.github/workflows/dask-${STACK}.yml`, ...STEPS },
  gitlab: {
    "gitlab/gitlab-ci.yml": ".gitlab-ci.yml",
    "gitlab/stack.yml": `.gitlab/dask-${STACK}.yml`,
    ...STEPS,
  },
  hcp: HCP_STEPS,
};

/** Values of a stack in the templates. */
export interface PipelineStack {
  /** Name of the stack in the app. */
  readonly name: string;
  /** Region of its provider. */
  readonly region: string;
}

/**
 * Returns the files of a pipeline by their path in the user's project.
 *
 * @param read returns the text of a template, by its path in `pipelines/`
 */
export function pipelineFiles(
  service: Service,
  { name, region }: PipelineStack,
  read: (path: string) => string,
): ReadonlyMap<string, string> {
  const filled = (text: string) => text.replaceAll(STACK, name).replaceAll(REGION, region);
  const files = Object.entries(TEMPLATES[service]);
  return new Map(files.map(([template, path]) => [filled(path), filled(read(template))]));
}
