import { z } from "zod";
import type { DaskValue } from "../definition";
import { object, oneOf, pattern, refine } from "./fields";

/** Maximum length of a value in bytes. Linux accepts 128 KiB with the name (execve(2), MAX_ARG_STRLEN). */
const MAX_VARIABLE_BYTES = 100_000;

const dask = z.record(
  z.string(),
  refine(
    z.custom<DaskValue>(() => true),
    isJson,
    "a text, a number, true, false, null, or a list or an object of these",
    "give a value that YAML can express",
  ),
  { error: "keys of Dask's configuration, such as { 'distributed.worker.memory.target': 0.5 }" },
);

const variableName = pattern(
  /^[A-Za-z_][A-Za-z0-9_]*$/,
  "a letter or '_', then letters, digits and '_'",
  "respell the name of the variable",
);

/** systemd rejects other control characters (env_value_is_valid of src/basic/env-util.c). */
const plainValue = refine(
  z.string(),
  (value) => !/[^\P{Cc}\t\n]|\p{Cs}/u.test(value) && Buffer.byteLength(value) <= MAX_VARIABLE_BYTES,
  `a text of at most ${MAX_VARIABLE_BYTES} bytes, without control characters other than tab and line feed`,
  "shorten it, or let the program read it from a file",
);

const secret = object({
  secretsManager: pattern(
    /^(arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}|[\w/+=.@-]{1,512})$/,
    "the name of a secret, or its complete ARN with the six characters that Secrets Manager adds",
    "copy the name or the ARN of the secret",
  ),
  key: pattern(/^[^\p{Cc}]+$/u, "a key of the JSON object in the secret", "name the key").optional(),
  kmsKey: pattern(
    /^arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
    "the ARN of a KMS key, not of an alias",
    "copy the ARN of the key",
  ).optional(),
});

const VALUE = "a text, or { secretsManager: 'name' }";

/** Python module, such as `my_lib.setup`. */
const moduleName = pattern(
  /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/,
  "the name of a Python module, such as my_lib.setup",
  "name the module, not a file: packages of the environment contain it",
);

/** Fields of `SettingsDefinition`. */
export const settings = {
  dask: dask.optional(),
  environmentVariables: z.record(variableName, oneOf([plainValue, secret], VALUE)).optional(),
  preload: z.array(moduleName).max(20).optional(),
};

function isJson(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return typeof value === "string" || typeof value === "boolean";
  return value === null || Object.values(value).every(isJson);
}
