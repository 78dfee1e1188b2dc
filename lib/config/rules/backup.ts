import { issueIf, type Rule } from "./rule";

/** Fields of a new bucket and those of an existing one exclude each other. */
export const backupBucket: Rule = ({ backup }) => {
  if (backup === undefined) return [];
  const { bucket, kmsKey, retentionDays, forceDestroy } = backup;
  return [
    ...issueIf(kmsKey !== undefined && bucket === undefined, {
      path: "backup.kmsKey",
      value: kmsKey,
      expected: "no key without backup.bucket: the bucket of BackupStack has a key",
      hint: "name the bucket that the key encrypts, or remove the key",
    }),
    ...issueIf(retentionDays !== undefined && bucket !== undefined, {
      path: "backup.retentionDays",
      value: retentionDays,
      expected: "no retention with backup.bucket: an existing bucket keeps its lifecycle",
      hint: "set the lifecycle of the bucket, or use dask-cluster backup --keep",
    }),
    ...issueIf(forceDestroy === true && bucket !== undefined, {
      path: "backup.forceDestroy",
      value: forceDestroy,
      expected: "false with backup.bucket: an existing bucket is never deleted",
      hint: "remove it",
    }),
  ];
};
