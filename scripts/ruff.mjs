// `node scripts/ruff.mjs FILE...`: ruff's linter and formatter for some files, without changes to them. lefthook.yml calls it.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { compile } from "./compile.mjs";
import { ROOT } from "./main.mjs";
import { pythonEnvironment, run } from "./python.mjs";

// Finds Python; any build is recent enough for that.
if (!existsSync(join(ROOT, "dist/lib/local/runtime/python.js"))) compile();
const ruff = join(await pythonEnvironment("checkers"), "ruff");
const files = process.argv.slice(2);
run([ruff, "check", "--no-cache", "--force-exclude", ...files]);
run([ruff, "format", "--check", "--no-cache", "--force-exclude", ...files]);
