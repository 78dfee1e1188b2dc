import { z } from "zod";
import { object, pattern, refine } from "./fields";

const VERSION = String.raw`(===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+`;

/** Name, extras, versions and marker of a requirement (PEP 508); no URL and no option. */
export const REQUIREMENT = new RegExp(
  String.raw`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\s*(\[[A-Za-z0-9._,\s-]*\])?\s*(\(?${VERSION}(\s*,\s*${VERSION})*\)?)?\s*(;.+)?$`,
);

/** Description of a requirement in errors. */
export const EXPECTED_REQUIREMENT = "a requirement with name and versions, such as xgboost==3.1.*";
export const REQUIREMENT_HINT =
  "name a package of an index; add a wheel of your own to environment.wheels instead of its URL";

const requirement = pattern(REQUIREMENT, EXPECTED_REQUIREMENT, REQUIREMENT_HINT);

const path = (ending: string, expected: string) =>
  pattern(
    new RegExp(String.raw`^[^\p{Cc}]*[^\p{Cc}/\s]${ending}$`, "u"),
    expected,
    "give the path of a file of your project",
  );

const indexUrl = refine(
  z.string(),
  (text) => {
    if (!URL.canParse(text) || /['\s]/.test(text)) return false;
    const { protocol, username, password } = new URL(text);
    return /^https?:$/.test(protocol) && username === "" && password === "";
  },
  "the URL of a package index without user and password, such as https://pypi.company.internal/simple",
  "remove spaces and quotes; put user and password into a secret, and its name into environment.index.credentialsSecret",
);

const secret = pattern(
  /^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:)?[A-Za-z0-9/_+=.@-]{1,512}$/,
  "the name or ARN of a secret in Secrets Manager",
  "copy the name of the secret",
);

/** Schema of an `EnvironmentDefinition`. */
export const environment = object({
  packages: z.array(requirement).max(1000).optional(),
  requirements: path("", "the path of a requirements file, such as requirements.txt").optional(),
  wheels: z
    .array(path(String.raw`\.whl`, "the path of a wheel, such as dist/my_lib-1.2-py3-none-any.whl"))
    .optional(),
  index: object({
    url: indexUrl.optional(),
    extraUrls: z.array(indexUrl).max(20).optional(),
    credentialsSecret: secret.optional(),
  }).optional(),
  lockfiles: path("", "the path of a folder of your project, such as dask-locks/research").optional(),
});
