import { z } from "zod";
import { hostname, organization } from "./backend";
import { policyArn } from "./data";
import { object, pattern, refine } from "./fields";

/** Returns the schema of a text that is compared with a claim of a token; wildcards get a hint of their own. */
const claim = (form: RegExp, expected: string, what: string, hint: string) =>
  refine(
    z.string(),
    (value) => form.test(value),
    expected,
    (value) =>
      /[*?]/.test(value)
        ? `name one ${what}: a wildcard would let the runs of others assume the roles`
        : hint,
  );

const repository = claim(
  /^[A-Za-z0-9][\w-]*(\/[\w.-]+|@\d+\/[\w.-]+@\d+)$/,
  "OWNER/REPOSITORY, or OWNER@ID/REPOSITORY@ID with immutable subject claims, without * and ?",
  "repository",
  "copy it from the address of the repository, without https://github.com/",
);

const project = claim(
  /^\w[\w.-]*(\/\w[\w.-]*)+$/,
  "GROUP/PROJECT or GROUP/SUBGROUP/PROJECT, without * and ?",
  "project",
  "copy it from the address of the project, without the host",
);

/** Git forbids `*`, `?`, `[`, `:`, `~`, `^`, `\` and spaces in names of branches (git-check-ref-format). */
const branch = claim(
  /^(?!refs\/)[^\s*?[:~^\\$\p{Cc}]+$/u,
  "the name of a branch, such as main, without refs/heads/",
  "branch",
  "write the name as git branch prints it",
);

const environment = claim(
  /^[\w.-]{1,255}$/,
  "the name of an environment: letters, digits, '_', '.' and '-'",
  "environment",
  "respell the environment: other characters are encoded in the subject of a token",
);

const hcpProject = claim(
  /^(?=.{3,40}$)[\w-]([\w -]*[\w-])?$/,
  "the name of a project: 3 to 40 letters, digits, spaces, hyphens and underscores",
  "project",
  "copy the name from HCP Terraform",
);

const hcpWorkspace = claim(
  /^[\w-]{1,90}$/,
  "letters, digits, hyphens and underscores, at most 90 characters",
  "workspace",
  "copy the name from HCP Terraform",
);

const url = pattern(
  /^https:\/\/[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/,
  "https:// and the host of the instance, without port and path",
  "write it as in https://gitlab.com",
);

const audience = claim(
  /^[^\s*?$\p{Cc}]{1,255}$/u,
  "the value of aud in id_tokens: at most 255 characters without spaces",
  "audience",
  "copy it from the file of the pipeline",
);

const identity = z.discriminatedUnion("type", [
  object({
    type: z.literal("github"),
    repository,
    environments: z.array(environment).min(1),
    branch: branch.optional(),
  }),
  object({
    type: z.literal("gitlab"),
    project,
    branch: branch.optional(),
    url: url.optional(),
    audience: audience.optional(),
  }),
  object({
    type: z.literal("hcp"),
    organization,
    workspaces: z.array(hcpWorkspace).min(1),
    project: hcpProject.optional(),
    hostname: hostname.optional(),
  }),
]);

/** Schema of a `PipelineDefinition`. */
export const pipeline = object({
  identity,
  name: pattern(
    /^(?!dask-)[A-Za-z0-9][\w-]{0,39}$/,
    "letters, digits, '_' and '-', at most 40 characters, that do not begin with dask-",
    "choose another beginning: the identity that deploys may change roles whose names begin with dask-",
  ).optional(),
  providerArn: pattern(
    /^arn:[a-z-]+:iam::\d{12}:oidc-provider\/[a-z0-9.-]+$/,
    "the ARN of an OpenID Connect provider: arn:aws:iam::ACCOUNT:oidc-provider/HOST",
    "copy it from aws iam list-open-id-connect-providers",
  ).optional(),
  permissionsBoundary: policyArn.optional(),
});
