/**
 * `npm run bench:tls [-- ROUNDS]`: throughput with TLS against without, by message size, for the default and for each
 * version and cipher beside it. About a minute a round; the machine should do nothing else. Draws docs/tls.svg.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROUNDS = process.argv[2] ?? "7";
const root = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const { findPython } = createRequire(import.meta.url)("../dist/lib/local/runtime/python.js");

function run(argv, input) {
  const { status, stdout, error } = spawnSync(argv[0], argv.slice(1), {
    encoding: "utf8",
    input,
    env: {
      ...process.env,
      PYTHONPATH: ["python/src", "python/tests"].map(root).join(":"),
      PYTHONDONTWRITEBYTECODE: "1",
    },
    stdio: ["pipe", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
    timeout: 3_600_000,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}`);
  return stdout;
}

const { path } = await findPython(["3.12", "3.13", "3.11"]);
const python = (name) =>
  join(run([path, root("__tests__/support/python_environment.py"), name]).trim(), "python");
// The environment of the mock AWS has the library for pictures.
const [dask, pictures] = [python("checkers"), python("mock-aws")];
mkdirSync(root(".test"), { recursive: true });
const folder = mkdtempSync(root(".test/tls-"));
try {
  const pems = ["node.pem", "client.pem"].map((name) => join(folder, name));
  run([dask, "-m", "cdktf_dask.tls", "bench", ...pems]);
  const measured = run([dask, root("__tests__/smoke/bench/transfers.py"), ROUNDS, ...pems]);
  console.log(run([pictures, root("__tests__/smoke/bench/ratios.py"), root("docs/tls.svg")], measured));
  console.log("The picture is docs/tls.svg; the tables belong into docs/tls.md.");
} finally {
  rmSync(folder, { recursive: true });
}
