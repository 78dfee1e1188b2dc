import { z } from "zod";
import { bucket } from "./backend";
import { kmsKey } from "./data";
import { integer, object, refine } from "./fields";

/** Name of a bucket that is used by TLS under its own host name. */
export const bucketWithoutDots = refine(
  bucket,
  (name) => !name.includes("."),
  "the name of a bucket without dots: certificates of S3 do not cover names with dots",
  "choose another bucket",
);

/** Schema of a `BackupDefinition`. */
export const backup = object({
  bucket: bucketWithoutDots.optional(),
  kmsKey: kmsKey.optional(),
  retentionDays: integer(1, 36_500).optional(),
  forceDestroy: z.boolean().optional(),
});
