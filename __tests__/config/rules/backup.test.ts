import { defineCluster } from "../../../lib/config/define";
import type { BackupDefinition } from "../../../lib/config/definition";
import { issuesOf } from "../issues-of";

const KEY = "arn:aws:kms:us-west-2:123456789012:key/12345678-1234-4234-9234-12345678abcd";
const cluster = (backup: BackupDefinition) => ({
  name: "test",
  network: { adminSubnets: ["10.0.0.0/16"] },
  backup,
});

test("a cluster has no backup unless its definition has one", () => {
  const { backup: _, ...rest } = cluster({});
  expect(defineCluster(rest)).not.toHaveProperty("backup");
  expect(defineCluster(cluster({})).backup).toEqual({});
});

test("fields of a new bucket and of an existing one exclude each other", () => {
  expect(issuesOf(cluster({ kmsKey: KEY }))).toEqual([
    {
      path: "backup.kmsKey",
      value: KEY,
      expected: "no key without backup.bucket: the bucket of BackupStack has a key",
      hint: "name the bucket that the key encrypts, or remove the key",
    },
  ]);
  expect(issuesOf(cluster({ bucket: "company", retentionDays: 7, forceDestroy: true }))).toEqual([
    {
      path: "backup.retentionDays",
      value: 7,
      expected: "no retention with backup.bucket: an existing bucket keeps its lifecycle",
      hint: "set the lifecycle of the bucket, or use dask-cluster backup --keep",
    },
    {
      path: "backup.forceDestroy",
      value: true,
      expected: "false with backup.bucket: an existing bucket is never deleted",
      hint: "remove it",
    },
  ]);
  expect(issuesOf(cluster({ bucket: "company", kmsKey: KEY, forceDestroy: false }))).toEqual([]);
});

test("each field is checked", () => {
  const paths = (backup: object) => issuesOf(cluster(backup)).map(({ path }) => path);
  expect(paths({ bucket: "a.b.c" })).toEqual(["backup.bucket"]);
  expect(paths({ bucket: "Company" })).toEqual(["backup.bucket"]);
  expect(paths({ retentionDays: 0 })).toEqual(["backup.retentionDays"]);
  expect(paths({ retentionDays: 1.5 })).toEqual(["backup.retentionDays"]);
  expect(paths({ bucket: "company", kmsKey: "alias/backups" })).toEqual(["backup.kmsKey"]);
  expect(paths({ schedule: "daily" })).toEqual(["backup.schedule"]);
});

test("a key is in the partition of the region", () => {
  expect(
    issuesOf(cluster({ bucket: "company", kmsKey: KEY.replace("arn:aws:", "arn:aws-cn:") })).map(
      ({ path }) => path,
    ),
  ).toEqual(["backup.kmsKey"]);
});
