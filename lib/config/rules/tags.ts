import type { ValidationIssue } from "../validation-error";
import { issueIf, type Rule } from "./rule";

/**
 * Maximum number of tags in a definition. Route 53 allows 10 tags per hosted zone (Route 53 API Reference,
 * ChangeTagsForResource), two of which are Name and dask:cluster; other services allow 50.
 */
const MAX_TAGS = 8;

/** Keys of the tags that the constructs add. */
const OWN_KEYS: readonly string[] = [
  ...["Name", "dask:cluster", "dask:role", "dask:pool", "dask:scheduler", "dask:state", "dask:release"],
  "dask:bake-key",
];

/** AWS accepts the number of tags. */
export const tagCount: Rule = ({ tags }) =>
  issueIf(Object.keys(tags).length > MAX_TAGS, {
    path: "tags",
    value: Object.keys(tags).length,
    expected: `at most ${MAX_TAGS} tags: Route 53 allows 10 for the hosted zone of the cluster, and Name and dask:cluster are two of them`,
    hint: "remove some",
  });

/**
 * Keys differ by more than their case, from each other and from those that the constructs add, because tag keys of IAM
 * roles are not case sensitive (IAM User Guide, "Tagging IAM resources").
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
        expected: "a key that does not begin with dask:, which is reserved for the constructs",
        hint: `rename the key ${key}`,
      }),
      ...issueIf(twin !== undefined, {
        ...at,
        expected: `a key that differs from ${twin} by more than its case: IAM ignores the case of keys`,
        hint: `rename or remove one of ${twin} and ${key}`,
      }),
    ];
  });

/** With baked images, keys are ASCII (EC2 Image Builder API Reference, TagResource: pattern of the keys). */
export const tagKeysOfImages: Rule = ({ tags, bakedImages }) =>
  Object.entries(tags).flatMap(([key, value]) =>
    issueIf(bakedImages && !/^[ -~]+$/.test(key), {
      path: `tags.${key}`,
      value,
      expected: "with bakedImages, a key of ASCII characters: Image Builder rejects others",
      hint: "respell the key, or turn bakedImages off",
    }),
  );
