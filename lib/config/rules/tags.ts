import type { ValidationIssue } from "../validation-error";
import { issueIf, type Rule } from "./rule";

/**
 * Most tags of a definition. A hosted zone of Route 53 takes 10 (Route 53 API Reference, ChangeTagsForResource), other
 * resources 50; the cluster's zone has Name and dask:cluster.
 */
const MAX_TAGS = 8;

/** Tags that the constructs add; new ones begin with `dask:`. */
const OWN_KEYS: readonly string[] = [
  ...["Name", "dask:cluster", "dask:role", "dask:pool", "dask:scheduler", "dask:state", "dask:release"],
  "dask:bake-key",
];

/** No more tags than AWS takes. */
export const tagCount: Rule = ({ tags }) =>
  issueIf(Object.keys(tags).length > MAX_TAGS, {
    path: "tags",
    value: Object.keys(tags).length,
    expected: `at most ${MAX_TAGS} tags: Route 53 takes 10 for the cluster's DNS zone, and Name and dask:cluster are two of them`,
    hint: "take some out",
  });

/**
 * Keys differ by more than their case, from each other and from those that the constructs add: tag keys of roles are not
 * case sensitive (IAM User Guide, "Tagging IAM resources").
 */
export const tagKeys: Rule = ({ tags }) =>
  Object.keys(tags).flatMap((key, index, keys): readonly ValidationIssue[] => {
    const same = (other: string) => other.toLowerCase() === key.toLowerCase();
    const at = { path: `tags.${key}`, value: tags[key] };
    const own = OWN_KEYS.find(same);
    const twin = keys.slice(0, index).find(same);
    if (own !== undefined)
      return [
        {
          ...at,
          expected: `a key that differs from ${own} by more than its case: the cluster sets ${own}, and IAM ignores the case of keys`,
          hint: `rename the key ${key}`,
        },
      ];
    return [
      ...issueIf(/^dask:/i.test(key), {
        ...at,
        expected: "a key that does not begin with dask:, as the cluster's keys do",
        hint: `rename the key ${key}`,
      }),
      ...issueIf(twin !== undefined, {
        ...at,
        expected: `a key that differs from ${twin} by more than its case: IAM ignores the case of keys`,
        hint: `rename one of ${twin} and ${key}, or take it out`,
      }),
    ];
  });

/** Where images are baked, keys are ASCII (EC2 Image Builder API Reference, TagResource: pattern of the keys). */
export const tagKeysOfImages: Rule = ({ tags, bakedImages }) =>
  Object.entries(tags).flatMap(([key, value]) =>
    issueIf(bakedImages && !/^[ -~]+$/.test(key), {
      path: `tags.${key}`,
      value,
      expected: "with bakedImages, a key of ASCII characters: Image Builder takes no others",
      hint: "respell the key, or turn bakedImages off",
    }),
  );
