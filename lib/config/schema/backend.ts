import { z } from "zod";
import { object, pattern, refine } from "./fields";
import { region } from "./names";

/** Reserved beginnings and ends of bucket names (Amazon S3 User Guide, "General purpose bucket naming rules"). */
const RESERVED_BEGINNINGS = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_ENDS = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/** Name of a general purpose bucket. */
export const bucket = refine(
  pattern(
    /^(?!.*\.\.)(?!\d+(\.\d+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    "the name of an S3 bucket: 3 to 63 lower-case letters, digits, hyphens and single dots, not in the form of an IP address",
    "copy the bucket's name",
  ),
  (name) =>
    !RESERVED_BEGINNINGS.some((text) => name.startsWith(text)) &&
    !RESERVED_ENDS.some((text) => name.endsWith(text)),
  `the name of a general purpose bucket: S3 reserves names that begin with ${RESERVED_BEGINNINGS.join(", ")} or end with ${RESERVED_ENDS.join(", ")}`,
  "copy the bucket's name; an alias or a directory bucket cannot store a state",
);

/** An S3 key has at most 1,024 bytes (Amazon S3 User Guide, "Naming Amazon S3 objects"). */
export const MAX_KEY_BYTES = 1024;

/** Suffix of the key of the lock file (Terraform, backend S3). */
const LOCK_FILE = ".tflock";

const key = refine(
  pattern(
    // Terraform's S3 backend rejects empty segments (`validateStringS3Path`); clients of S3 resolve `.` and `..`.
    /^(?!(.*\/)?\.{0,2}(\/|$))[^\p{Cc}]+$/u,
    "a path without / at its ends and without empty, . and .. segments, such as dask/production.tfstate",
    "write the key as in s3://bucket/KEY",
  ),
  (text) => text === text.trim() && Buffer.byteLength(text + LOCK_FILE) <= MAX_KEY_BYTES,
  `at most ${MAX_KEY_BYTES - LOCK_FILE.length} bytes, without spaces at the ends`,
  "shorten the key",
);

const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";
/** Id of a KMS key, as a part of a pattern. */
export const KMS_KEY = `(${UUID}|mrk-[0-9a-f]{32})`;
const KMS_ALIAS = "alias/[A-Za-z0-9/_-]+";

/** As Terraform's S3 backend accepts it (`validateStringKMSKey`). */
const kmsKeyId = pattern(
  new RegExp(`^(${KMS_KEY}|${KMS_ALIAS}|arn:[a-z-]+:kms:[a-z0-9-]+:\\d{12}:(key/${KMS_KEY}|${KMS_ALIAS}))$`),
  "a KMS key: its id, its alias as alias/…, or the ARN of either",
  "copy the key's ARN",
);

const localPath = pattern(
  /^(?!(.*\/)?\.{0,2}$)[^\p{Cc}]+$/u,
  "the path of a file, such as states/production.tfstate",
  "name a file, not a folder",
);

/** Name of an organization in HCP Terraform. */
export const organization = pattern(
  /^[A-Za-z0-9_-]+$/,
  "the name of an organization: letters, digits, hyphens and underscores",
  "copy the name from HCP Terraform",
);

/** HCP Terraform documentation, "Naming Workspaces". */
const workspace = pattern(
  /^[A-Za-z0-9_-]{1,90}$/,
  "letters, digits, hyphens and underscores, at most 90 characters",
  "shorten or respell the name",
);

/** Host of HCP Terraform or Terraform Enterprise. */
export const hostname = pattern(
  /^(?=.{1,253}(:\d+)?$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:\d{1,5})?$/i,
  "a host name without scheme and path, such as app.terraform.io",
  "write the host name only",
);

/** Schema of a `Backend`. */
export const backend = z.discriminatedUnion("type", [
  object({ type: z.literal("local"), path: localPath.optional() }),
  object({
    type: z.literal("s3"),
    bucket,
    key: key.optional(),
    region: region.optional(),
    kmsKeyId: kmsKeyId.optional(),
  }),
  object({
    type: z.literal("hcp"),
    organization,
    workspace: workspace.optional(),
    hostname: hostname.optional(),
  }),
]);
