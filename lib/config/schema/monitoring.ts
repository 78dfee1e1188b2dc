import { z } from "zod";
import { chosen, integer, object, pattern, refine } from "./fields";
import { region } from "./names";

const email = pattern(
  /^[^\s@]+@[^\s@]+\.[^\s@]+$/,
  "an e-mail address, or { protocol, endpoint }",
  "write an address such as team@example.com",
);

const subscription = object({
  protocol: z.enum(["email", "email-json", "https", "sms", "sqs", "lambda"]),
  endpoint: pattern(/^\S+$/, "an address without spaces", "copy the address of the receiver"),
});

const workspace = object({
  workspaceId: pattern(
    /^ws-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    "the id of a workspace, such as ws-01234567-89ab-cdef-0123-456789abcdef",
    "copy the id: aws amp list-workspaces",
  ),
  region: region.optional(),
});

const url = object({
  url: refine(
    z.string(),
    isPlainUrl,
    "an http or https URL without user and password",
    "name the URL of the receiver; for one with a password, let a proxy of your network add it",
  ),
});

const settings = object({
  retentionDays: integer(1, 3650).optional(),
  retentionGiB: integer(1, 4096).optional(),
  alerts: z
    .array(chosen((value) => (typeof value === "string" ? email : subscription)))
    .max(100)
    .optional(),
  remoteWrite: chosen((value) => (has(value, "url") ? url : workspace)).optional(),
});

/** Schema of `monitoring`: a `MonitoringDefinition`, or whether there is Prometheus. */
export const monitoring = chosen((value) => (typeof value === "boolean" ? z.boolean() : settings));

function has(value: unknown, key: string): boolean {
  return typeof value === "object" && value !== null && key in value;
}

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}
