import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { RELEASE_NAMES, RELEASES, type ReleaseName } from "../../lib/config/releases";
import { packageRoot } from "../../lib/node/package-file";
import { table, WrittenTable } from "../environments/written-table";

/** Installation over a slow line, a cluster that starts, and its metrics. */
const LIMIT = 15 * 60_000;

/** Metric of a scheduler, as `dump_metrics.py` prints it. */
interface Metric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly meaning: string;
}

/** Returns the metrics of a live scheduler with the locked packages of a release. */
function metricsOf(release: ReleaseName): readonly Metric[] {
  const python = RELEASES[release].localPythons.find(isInstalled);
  if (python === undefined) throw new Error(`no Python of ${RELEASES[release].localPythons} for ${release}`);
  const argv = [
    ...["-B", join(__dirname, "verify_lock.py"), "--lock", join(packageRoot(), "locks", release, "cpu.txt")],
    ...["--python", python, "--work", join(packageRoot(), ".test", "releases")],
    ...["--run", join(__dirname, "dump_metrics.py")],
    ...(process.env.UV_CACHE_DIR ? [] : ["--cache", join(packageRoot(), ".test", "wheels")]),
  ];
  const { stdout } = spawnSync("python3", argv, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: LIMIT,
  });
  const { problems, printed } = JSON.parse(stdout);
  expect(problems).toEqual([]);
  return printed;
}

function isInstalled(python: string): boolean {
  const program = `import sys, verify_lock; sys.exit(verify_lock.find_python("${python}") is None)`;
  return spawnSync("python3", ["-B", "-c", program], { cwd: __dirname, timeout: 60_000 }).status === 0;
}

/** The metrics of this project, then those of Dask; each in order of the alphabet. */
function metricsTable(dumps: ReadonlyMap<ReleaseName, readonly Metric[]>): string {
  const metrics = new Map([...dumps.values()].flatMap((dump) => dump.map((metric) => [metric.name, metric])));
  const releases = ({ name }: Metric) =>
    [...dumps].filter(([, dump]) => dump.some((metric) => metric.name === name)).map(([release]) => release);
  const rows = [...metrics.values()]
    .sort((a, b) => Number(isOfDask(a)) - Number(isOfDask(b)) || (a.name < b.name ? -1 : 1))
    .map((metric) => [
      `\`${metric.name}\``,
      metric.type,
      metric.labels.map((label) => `\`${label}\``).join(", "),
      releases(metric).length === dumps.size ? "both" : releases(metric).join(", "),
      // Some explanations of Dask have notes below the first line.
      metric.meaning.split("\n")[0]?.replace(/\.$/, "") ?? "",
    ]);
  return table(["metric", "type", "labels", "release", "meaning"], rows);
}

function isOfDask({ name }: Metric): boolean {
  return !/^dask_(cluster|tls)_/.test(name);
}

test(
  "docs/metrics.md has the metrics of a live scheduler of each release: npm run metrics:docs writes them",
  () => {
    const written = new WrittenTable("metrics.md", "metrics", "npm run metrics:docs");
    const dumps = new Map(RELEASE_NAMES.map((name) => [name, metricsOf(name)] as const));
    const text = metricsTable(dumps);
    if (process.env.TABLES === "write") written.write(text);
    expect(written.text).toBe(text);
  },
  2 * LIMIT,
);
