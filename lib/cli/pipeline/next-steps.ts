import type { PipelineStack, Service } from "./files";

/** Returns lines about what the user does after the command `pipeline`. */
export function nextSteps(service: Service, stack: PipelineStack): readonly string[] {
  return ["Next:", ...lockFile(stack), ...STEPS[service](stack)];
}

const lockFile = ({ name }: PipelineStack) => [
  `  npx cdktf synth && sh pipeline/lock.sh ${name}, and commit all files`,
];

const STEPS: Readonly<Record<Service, (stack: PipelineStack) => readonly string[]>> = {
  github: ({ name }) => [
    `  create the environment ${name} with required reviewers and the branch main: Settings, Environments`,
    "  set the variables PLAN_ROLE_ARN and APPLY_ROLE_ARN: Settings, Secrets and variables, Actions",
  ],
  gitlab: ({ name }) => [
    `  protect the environment ${name} and the default branch: Settings, CI/CD and Repository`,
    "  set the variables PLAN_ROLE_ARN and APPLY_ROLE_ARN: Settings, CI/CD, Variables",
    "  add a schedule for the search for drift: Build, Pipeline schedules",
  ],
  hcp: ({ name }) => [
    "  set TFC_AWS_PROVIDER_AUTH, TFC_AWS_PLAN_ROLE_ARN and TFC_AWS_APPLY_ROLE_ARN in the workspace: Variables, Environment",
    `  in a pipeline: node pipeline/hcp-upload.mjs ${name}, or sh pipeline/hcp-commit.sh ${name}`,
  ],
};
