/**
 * `npm run bench:tls [-- ROUNDS]`: throughput with TLS against without, by message size, for the default and for each
 * version and cipher beside it. About a minute a round; the machine should do nothing else. Draws docs/tls.svg.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../scripts/main.mjs";
import { pythonEnvironment, run } from "../scripts/python.mjs";

const ROUNDS = process.argv[2] ?? "7";
const ENVIRONMENT = { PYTHONPATH: ["python/src", "python/tests"].map((path) => join(ROOT, path)).join(":") };

/** Output of a Python program. */
const outputOf = (argv, input) => run(argv, { input, env: ENVIRONMENT, stdout: "pipe" }).stdout;

const dask = join(await pythonEnvironment("checkers"), "python");
// The environment of the mock AWS has the library for pictures.
const pictures = join(await pythonEnvironment("mock-aws"), "python");
mkdirSync(join(ROOT, ".test"), { recursive: true });
const folder = mkdtempSync(join(ROOT, ".test/tls-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

const pems = ["node.pem", "client.pem"].map((name) => join(folder, name));
outputOf([dask, "-m", "cdktf_dask.tls", "bench", ...pems]);
const measured = outputOf([dask, "bench/tls/transfers.py", ROUNDS, ...pems]);
console.log(outputOf([pictures, "bench/tls/ratios.py", "docs/tls.svg"], measured));
console.log("The picture is docs/tls.svg; the tables belong into docs/tls.md.");
