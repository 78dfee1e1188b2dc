/**
 * `npm run docs:api [-- FOLDER]`: writes the API reference into `docs/api`, or into another folder. The tools are installed in
 * `.test/api` from `scripts/api/package-lock.json`, because their compiler is not that of the project. Needs dist/.
 */
import { cpSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { ROOT } from "./main.mjs";
import { installTools } from "./packages.mjs";
import { pythonEnvironment, run } from "./python.mjs";

const tools = join(ROOT, ".test", "api");
const out = resolve(process.argv[2] ?? join(ROOT, "docs", "api"));

mkdirSync(out, { recursive: true });
cpSync(join(ROOT, "scripts", "api"), tools, { recursive: true });
try {
  await installTools(tools, "npm run docs:api");
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
run([process.execPath, join(tools, "write.mjs"), ROOT, out]);
run([join(await pythonEnvironment("reference"), "python"), "scripts/api/python_page.py", ROOT, out]);
