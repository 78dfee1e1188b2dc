import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";

/** Depth of the modules below the root: `.test/` and a folder of the compilation. Imports of the checkout begin with this path. */
export const TO_ROOT = "../../";

/** A module, and the name that errors of the compiler have in place of its path. */
export interface Module {
  readonly name: string;
  readonly code: string;
}

/** Compiles modules with the settings of the checkout, and returns the errors; empty if there are none. */
export function compilerErrors(modules: readonly Module[]): string {
  const root = packageRoot();
  mkdirSync(join(root, ".test"), { recursive: true });
  const folder = mkdtempSync(join(root, ".test", "compiled-"));
  const configuration = {
    extends: `${TO_ROOT}tsconfig.json`,
    compilerOptions: {
      noEmit: true,
      rootDir: TO_ROOT,
      noUnusedLocals: false,
      // Each module declares names of its own.
      moduleDetection: "force",
      paths: { "cdktf-dask": [`${TO_ROOT}lib/index.ts`] },
    },
    include: ["*.ts"],
    exclude: [],
  };
  try {
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(configuration));
    for (const [index, { code }] of modules.entries())
      writeFileSync(join(folder, `module-${index}.ts`), code);
    const options = { cwd: root, encoding: "utf8", timeout: 120_000 } as const;
    const { stdout, status } = spawnSync("npx", ["tsc", "--pretty", "false", "-p", folder], options);
    if (status === null) throw new Error(`the compiler did not end: ${stdout}`);
    return stdout.replaceAll(/\S*module-(\d+)\.ts/g, (path, index) => modules[Number(index)]?.name ?? path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
