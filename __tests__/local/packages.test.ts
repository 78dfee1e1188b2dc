import { lockfilesOf } from "../../lib/local/packages";
import { packageFile } from "../../lib/node/package-file";
import type { LockKind } from "../../lib/node/packages/lockfile";
import type { Packages } from "../../lib/node/packages/read-packages";

const packagesOf = (texts: Partial<Record<LockKind, string>>): Packages => ({
  lockfiles: { cpu: "", gpu: "", ...texts },
  wheels: [],
  own: true,
  issues: [],
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
