import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../lib/node/package-file";

const SUITE = "trixie";
const PLUGIN = "usr/libexec/docker/cli-plugins/docker-compose";

/** Milliseconds for a download of 20 MB over a slow line. */
const TIMEOUT = 5 * 60_000;

/**
 * Returns the command line of `docker compose`, version 2: the one of this computer, or the plugin of Debian's package, which
 * needs no engine to check files. Undefined without both.
 */
export function composeCommand(): readonly string[] | undefined {
  const works = (...argv: string[]) =>
    / v?2\.|^2\./.test(
      spawnSync(argv[0] ?? "", [...argv.slice(1), "version"], { encoding: "utf8" }).stdout ?? "",
    );
  if (works("docker", "compose")) return ["docker", "compose"];
  const plugin = join(packageRoot(), ".test", `docker-compose-${SUITE}`);
  if (!existsSync(plugin)) extract(plugin);
  return existsSync(plugin) && works(plugin) ? [plugin] : undefined;
}

/** Extracts the plugin of Debian's package. Only root can, and only on Debian or Ubuntu. */
function extract(target: string): void {
  if (process.getuid?.() !== 0 || spawnSync("mmdebstrap", ["--version"]).status !== 0) return;
  mkdirSync(join(packageRoot(), ".test"), { recursive: true });
  const draft = mkdtempSync(join(packageRoot(), ".test", "docker-compose-draft-"));
  try {
    const options = ["--quiet", "--variant=extract", "--include=docker-compose"];
    const namespaces = ["--mount", "--pid", "--fork", "--kill-child"];
    const argv = [
      ...namespaces,
      "mmdebstrap",
      ...options,
      "--aptopt=APT::Install-Recommends false",
      SUITE,
      draft,
    ];
    execFileSync("unshare", argv, { timeout: TIMEOUT, stdio: "pipe" });
    renameSync(join(draft, PLUGIN), target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
