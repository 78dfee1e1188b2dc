import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NodePlan } from "../../lib/node/node-plan";
import { packageRoot } from "../../lib/node/package-file";

const LIBRARY = "/usr/local/lib/dask-node/";

/** Places outside the scripts' own folder that they read or write; a fake node has them below its directory. */
const PLACES = /(?<![\w.}/])\/(opt|var|etc|sys\/bus|run\/dask|dev\/disk)(?![\w-])/g;

/** What the journal of a fake node has, as journalctl prints it. */
export const JOURNAL_ENTRY = {
  __CURSOR: "s=1",
  __REALTIME_TIMESTAMP: "1770000000123456",
  _SYSTEMD_UNIT: "dask-node.service",
  _PID: "17",
  MESSAGE: "step base begins",
};

/**
 * Stands for a node on which the scripts run as they land, without touching this one: a directory holds all
 * places they write to, and commands that would change the node are replaced by ones that only note their call.
 */
export class FakeNode {
  readonly directory: string;
  private readonly calls: string;

  constructor(
    readonly spec: NodePlan,
    settings: Readonly<Record<string, string>> = {},
  ) {
    const parent = join(packageRoot(), ".test");
    mkdirSync(parent, { recursive: true });
    this.directory = mkdtempSync(join(parent, "node-"));
    this.calls = join(this.directory, "calls");
    this.write("calls", "");
    for (const { path, mode, content } of spec.files) {
      if (path.startsWith(LIBRARY))
        this.script(path.slice(LIBRARY.length), content, Number.parseInt(mode, 8));
    }
    const values = { ...spec.settings, SCRATCH: "/var/lib/dask/scratch", ...settings };
    const lines = Object.entries(values).map(([name, value]) => `${name}='${value}'\n`);
    this.write("etc/dask/node.env", this.moved(lines.join("")));
    this.command("journalctl", `[[ $* == --sync ]] || echo '${JSON.stringify(JOURNAL_ENTRY)}'`);
    // No test waits for a pause between two attempts.
    this.command("sleep");
    this.command(
      "install",
      'case " $* " in *" -D "*) mkdir -p "$(dirname "${@: -1}")"; cp "${@: -2:1}" "${@: -1}" ;; *) mkdir -p "${@: -1}" ;; esac',
    );
  }

  /** Puts a script among those of the node, in place of its own one. */
  script(name: string, content: string, mode = 0o755): void {
    this.write(`lib/${name}`, this.moved(content), mode);
  }

  /** Replaces a command; it notes its call, then runs the given lines of Bash. */
  command(name: string, body = ""): void {
    const note = `printf '%s\\n' "${name}\${*:+ }$*" >>'${this.calls}'`;
    this.write(`bin/${name}`, this.moved(`#!/bin/bash\n${note}\n${body}\n`), 0o755);
  }

  /** Writes a file below the directory. */
  write(path: string, content: string, mode = 0o644): void {
    const full = join(this.directory, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, content);
    chmodSync(full, mode);
  }

  /** Content of a file below the directory; undefined where there is none. */
  read(path: string): string | undefined {
    const full = join(this.directory, path);
    return existsSync(full) ? readFileSync(full, "utf8").replaceAll(this.directory, "") : undefined;
  }

  /** Runs a script, and tells its exit code, what it said and which replaced commands it called. */
  run(script: string, ...argv: string[]): { code: number | null; said: string; calls: string[] } {
    writeFileSync(this.calls, "");
    const { status, stdout, stderr, error } = spawnSync(
      "sh",
      ["-c", `exec "$0" "$@" 2>&1`, join(this.directory, "lib", script), ...argv],
      {
        encoding: "utf8",
        timeout: 60_000,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH: `${join(this.directory, "bin")}:/usr/sbin:/usr/bin:/sbin:/bin`,
          DASK_NODE_ENV: join(this.directory, "etc/dask/node.env"),
          DASK_BUNDLE_ENV: join(this.directory, "etc/dask/bundle.env"),
          DASK_NODE_STATE: join(this.directory, "var/lib/dask-node"),
          DASK_NODE_LOG: join(this.directory, "var/log/dask-node.log"),
        },
      },
    );
    if (error) throw error;
    const calls = (this.read("calls") ?? "").split("\n").filter(Boolean);
    return { code: status, said: `${stdout}${stderr}`.replaceAll(this.directory, ""), calls };
  }

  /** Leaves nothing behind. */
  remove(): void {
    rmSync(this.directory, { recursive: true });
  }

  private moved(content: string): string {
    return content.replaceAll(PLACES, `${this.directory}/$1`);
  }
}
