import { RELEASES } from "../../../lib/config/releases";
import { packageFile } from "../../../lib/node/package-file";
import { lockfileText, supportedPythons } from "../../../lib/node/packages/lockfile";

const release = RELEASES["2026.7"];
const inputs = "0".repeat(64);

test("a lockfile limits the versions of Python, those of the release come first", () => {
  const pythons = (python: string) => supportedPythons(release, lockfileText("test", { python, inputs }, ""));

  expect(pythons("3.11")).toEqual(["3.12", "3.13", "3.11"]);
  expect(pythons("3.12")).toEqual(["3.12", "3.13"]);
  expect(supportedPythons(release, packageFile("locks/2026.7/cpu.txt"))).toEqual(["3.12", "3.13", "3.11"]);
});
