/**
 * `npm run bench:boot [-- RUNS]`: how long a node with workers takes from cloud-init's start until the scheduler has its
 * worker, by step, plain and from a baked AMI. Needs what `npm run test:boot` needs. Draws docs/boot.svg.
 */
import { join } from "node:path";
import { pythonEnvironment, run } from "../scripts/python.mjs";

const RUNS = process.argv[2] ?? "5";

const python = join(await pythonEnvironment("mock-aws"), "python");
run([python, "bench/boot/boots.py", RUNS, "docs/boot.svg"]);
console.log("\nThe picture is docs/boot.svg; the table belongs into docs/boot.md.");
