/**
 * `npm run bench`: how long the app process takes and how much memory it needs, cold, for one AWS environment; and
 * what each further environment costs beside the same resources written as bare provider constructs.
 */
import { spawnSync } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

const RUNS = 5;
const SIZES = [1, 10, 100];
const LIMITS = { seconds: 1.0, megabytes: 150, growth: 1.3 };
const child = (name) => fileURLToPath(new URL(`synth/${name}.cjs`, import.meta.url));

/** One cold process; its own account of wall time and peak memory. */
function measure(program, environments) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [child(program), String(environments)], {
    encoding: "utf8",
    timeout: 300_000,
  });
  if (status !== 0) throw new Error(`${program} with ${environments} environments failed:\n${stderr}`);
  const seconds = (performance.now() - started) / 1000;
  return { seconds, ...JSON.parse(stdout.trim().split("\n").at(-1)) };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const verdict = (value, limit) => (value <= limit ? "within" : "OVER");

console.log(
  `machine: ${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
);
console.log(`medians of ${RUNS} cold processes each, the two kinds in turn`);
console.log("environments  resources  ours         bare         ours MB  bare MB");
const results = SIZES.map((size) => {
  const pairs = Array.from({ length: RUNS }, () => [measure("app", size), measure("floor", size)]);
  const of = (index, key) => median(pairs.map((pair) => pair[index][key]));
  const row = {
    size,
    resources: pairs[0][0].resources,
    ours: of(0, "seconds"),
    bare: of(1, "seconds"),
    oursBuild: of(0, "buildSeconds"),
    bareBuild: of(1, "buildSeconds"),
    oursMegabytes: of(0, "megabytes"),
    bareMegabytes: of(1, "megabytes"),
  };
  if (pairs[0][1].resources !== row.resources)
    throw new Error("the two apps do not synthesize the same resources");
  const cells = [
    String(size).padEnd(12),
    String(row.resources).padEnd(9),
    `${row.ours.toFixed(2)} s`.padEnd(11),
    `${row.bare.toFixed(2)} s`.padEnd(11),
    row.oursMegabytes.toFixed(0).padEnd(7),
    row.bareMegabytes.toFixed(0),
  ];
  console.log(cells.join("  "));
  return row;
});

const [one] = results;
console.log(
  `\none environment: ${one.ours.toFixed(2)} s (${verdict(one.ours, LIMITS.seconds)} ${LIMITS.seconds} s), ` +
    `${one.oursMegabytes.toFixed(0)} MB (${verdict(one.oursMegabytes, LIMITS.megabytes)} ${LIMITS.megabytes} MB)`,
);
for (const row of results.slice(1)) {
  const growth = (key) => (row[key] - one[key]) / (row.size - 1);
  const ratio = growth("oursBuild") / growth("bareBuild");
  console.log(
    `each further environment, at ${row.size}: ${(growth("oursBuild") * 1000).toFixed(0)} ms, bare ` +
      `${(growth("bareBuild") * 1000).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (${verdict(ratio, LIMITS.growth)} ${LIMITS.growth})`,
  );
}
