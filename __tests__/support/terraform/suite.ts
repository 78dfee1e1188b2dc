import { spawnSync } from "node:child_process";
import { whyNot } from "./terraform";

/**
 * `describe` for tests with real Terraform on the mock AWS. It skips them with the reason if this computer cannot run them.
 *
 * @param programs other programs that the tests need, which are Debian packages with the same names; in CI, tests fail without
 */
export function describeWithTerraform(
  title: string,
  tests: () => void,
  programs: readonly string[] = [],
): void {
  const missing = programs.filter((name) => spawnSync(name, ["--version"]).status !== 0).join(" ");
  const unavailable =
    whyNot() ??
    (missing === "" || process.env.CI
      ? undefined
      : `no ${missing} found; run apt-get install ${missing}, and this suite again`);
  if (unavailable !== undefined) process.stderr.write(`\nSKIPPED: ${title}: ${unavailable}\n\n`);
  (unavailable === undefined ? describe : describe.skip)(title, tests);
}
