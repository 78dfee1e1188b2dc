import { whyNot } from "./terraform";

/** `describe` for tests with real Terraform on the mock AWS. It skips them with the reason if this computer cannot run them. */
export function describeWithTerraform(title: string, tests: () => void): void {
  const unavailable = whyNot();
  if (unavailable !== undefined)
    process.stderr.write(`\nSKIPPED: real Terraform on the mock AWS: ${unavailable}\n\n`);
  (unavailable === undefined ? describe : describe.skip)(title, tests);
}
