import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Result of `findTerraform` if TERRAFORM_BINARY_NAME is a program of this version. */
function reported(version: string): unknown {
  const folder = mkdtempSync(resolve(".test", "terraform-"));
  try {
    const program = join(folder, "terraform");
    writeFileSync(program, `#!/bin/sh\necho '{"terraform_version": "${version}"}'\n`, { mode: 0o755 });
    const script = `
      import { findTerraform } from ${JSON.stringify(pathToFileURL(resolve("scripts/terraform.mjs")).href)};
      const lines = [];
      const found = await findTerraform((line) => lines.push(line)).catch(({ message }) => message);
      console.log(JSON.stringify({ lines, found: found.version ?? found }));`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      env: { ...process.env, TERRAFORM_BINARY_NAME: program },
    });
    return JSON.parse(output.replaceAll(program, "PROGRAM"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test.each(["1.10.0", "1.11.4", "2.0.0"])("accepts Terraform %s", (version) => {
  expect(reported(version)).toEqual({ lines: [], found: version });
});

test.each(["1.9.8", "1.4.0", "0.15.5"])("rejects Terraform %s", (version) => {
  expect(reported(version)).toEqual({
    lines: [`PROGRAM is version ${version}, expected 1.10 or later`],
    found: "TERRAFORM_BINARY_NAME: got 'PROGRAM', expected 1.10 or later. Hint: change or unset it",
  });
});
