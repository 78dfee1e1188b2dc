import { faultIf, type Rule } from "./rule";

/** AWS takes 50 tags a resource; the cluster adds Name, dask:cluster, dask:pool, dask:role and dask:scheduler. */
const MOST_TAGS = 45;

/** No more tags than AWS takes. */
export const tagCount: Rule = ({ tags }) =>
  faultIf(Object.keys(tags).length > MOST_TAGS, {
    path: "tags",
    value: Object.keys(tags).length,
    allowed: `at most ${MOST_TAGS} tags, as AWS takes 50 and the cluster adds its own`,
    remedy: "take some out",
  });
