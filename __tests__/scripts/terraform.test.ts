import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** What the launcher reports when TERRAFORM_BINARY_NAME names a program of this version. */
function reported(version: string): unknown {
  const folder = mkdtempSync(resolve(".test", "terraform-"));
  try {
    const program = join(folder, "terraform");
    writeFileSync(program, `#!/bin/sh\necho '{"terraform_version": "${version}"}'\n`, { mode: 0o755 });
    const script = `
      import { findTerraform } from ${JSON.stringify(pathToFileURL(resolve("scripts/terraform.mjs")).href)};
      const said = [];
      const found = await findTerraform((line) => said.push(line)).catch(({ message }) => message);
      console.log(JSON.stringify({ said, found: found.version ?? found }));`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      env: { ...process.env, TERRAFORM_BINARY_NAME: program },
    });
    return JSON.parse(output.replaceAll(program, "PROGRAM"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each(["1.10.0", "1.11.4", "2.0.0"])("Terraform %s is taken", (version) => {
  expect(reported(version)).toEqual({ said: [], found: version });
});

test.each(["1.9.8", "1.4.0", "0.15.5"])(
  "Terraform %s is refused: it cannot lock a state in S3",
  (version) => {
    expect(reported(version)).toEqual({
      said: [`PROGRAM is version ${version}; 1.10 or later is needed`],
      found: "TERRAFORM_BINARY_NAME is 'PROGRAM'; name a newer one, or unset it",
    });
  },
);
