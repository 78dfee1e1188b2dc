import { z } from "zod";
import { pattern, refine } from "./fields";

/** Tags that every service accepts: each limit is that of the strictest service. */

/** Maximum length of a key (EC2 API Reference, Tag); other services accept 128. */
const MAX_KEY_LENGTH = 127;

/** Maximum length of a value (IAM API Reference, Tag). */
const MAX_VALUE_LENGTH = 256;

/** Characters that IAM accepts in keys and values (IAM API Reference, Tag). */
const CHARACTERS = "[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]";

const tagText = (from: number, to: number) =>
  refine(
    refine(
      pattern(
        new RegExp(`^${CHARACTERS}{${from},${to}}$`, "u"),
        `letters, digits, spaces and _ . : / = + - @, from ${from} to ${to} characters`,
        "shorten or respell it",
      ),
      // IAM User Guide, "Tagging IAM resources": neither a key nor a value begins with aws:.
      (text) => !/^aws:/i.test(text),
      "a text that does not begin with aws:, which AWS reserves",
      "choose another beginning",
    ),
    (text) => text === text.trim(),
    "a text without spaces at the ends, which not every service keeps",
    "remove the spaces",
  );

/** Schema of the tags. */
export const tags = z.record(tagText(1, MAX_KEY_LENGTH), tagText(0, MAX_VALUE_LENGTH));
