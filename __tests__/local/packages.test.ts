import { lockfilesOf, supportedPythons } from "../../lib/local/packages";
import { packageFile } from "../../lib/node/package-file";
import type { LockKind } from "../../lib/node/packages/lockfile";
import { lockfileText } from "../../lib/node/packages/lockfile";
import type { Packages } from "../../lib/node/packages/read-packages";
import { clusterOf } from "./definitions";

const cluster = clusterOf([{ name: "cpu", kind: "cpu" }]);
const packagesOf = (texts: Partial<Record<LockKind, string>>): Packages => ({
  lockfiles: { cpu: "", gpu: "", ...texts },
  wheels: [],
  own: true,
  issues: [],
});
const inputs = "0".repeat(64);

test("a lockfile limits the versions of Python, those of the release come first", () => {
  const pythons = (python: string) =>
    supportedPythons(cluster, packagesOf({ cpu: lockfileText("test", { python, inputs }, "") }));

  expect(pythons("3.11")).toEqual(["3.12", "3.13", "3.11"]);
  expect(pythons("3.12")).toEqual(["3.12", "3.13"]);
  expect(supportedPythons(cluster, packagesOf({ cpu: packageFile("locks/2026.7/cpu.txt") }))).toEqual([
    "3.12",
    "3.13",
    "3.11",
  ]);
});

test("adds the lockfile of pip, unless the cluster locks pip", () => {
  expect(lockfilesOf(packagesOf({ gpu: "alpha==1.0\n" }), "gpu")).toEqual([
    "alpha==1.0\n",
    packageFile("locks/tools/pip.txt"),
  ]);
  expect(lockfilesOf(packagesOf({ cpu: "alpha==1.0\npip==26.0\n" }), "cpu")).toEqual([
    "alpha==1.0\npip==26.0\n",
  ]);
});
