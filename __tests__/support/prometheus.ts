import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";

/** Programs of the packages `prometheus` and `prometheus-alertmanager`. */
const PROGRAMS = ["prometheus", "promtool", "prometheus-alertmanager", "amtool"] as const;

type Program = (typeof PROGRAMS)[number];

/**
 * Paths of Prometheus and its tools: the installed ones, or else those of Debian's packages, which are unpacked into
 * `.test/` and never installed, so that no service starts. Undefined if there are neither.
 */
export function findPrometheus(): Readonly<Record<Program, string>> | undefined {
  const unpacked = join(packageRoot(), ".test", "prometheus");
  const folder = ["/usr/bin", join(unpacked, "usr/bin")].find(complete);
  if (folder === undefined && !unpack(unpacked)) return undefined;
  const found = folder ?? join(unpacked, "usr/bin");
  return Object.fromEntries(PROGRAMS.map((name) => [name, join(found, name)])) as Record<Program, string>;
}

function complete(folder: string): boolean {
  return PROGRAMS.every((name) => existsSync(join(folder, name)));
}

/** Unpacks the packages into a folder. Test files run in parallel: the first to finish moves its folder there. */
function unpack(folder: string): boolean {
  mkdirSync(join(packageRoot(), ".test"), { recursive: true });
  const own = mkdtempSync(`${folder}-`);
  try {
    const run = (program: string, ...argv: string[]) =>
      execFileSync(program, argv, { cwd: own, stdio: "pipe", timeout: 120_000 });
    run("apt-get", "download", "-qq", "prometheus", "prometheus-alertmanager");
    for (const name of readdirSync(own).filter((name) => name.endsWith(".deb"))) {
      run("dpkg-deb", "--extract", name, "root");
      rmSync(join(own, name));
    }
    if (!existsSync(folder)) renameSync(join(own, "root"), folder);
  } catch (error) {
    if (!complete(join(folder, "usr/bin"))) console.warn(`no Prometheus for the tests: ${error}`);
  } finally {
    rmSync(own, { recursive: true });
  }
  return complete(join(folder, "usr/bin"));
}
