import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const SUITE = "trixie";

/** Milliseconds for a download of 150 MB over a slow line. */
const TIMEOUT = 15 * 60_000;

/** Packages of the root directory of the engine, and of the image that containers start from. */
const ENGINE = [
  ...["docker.io", "docker-cli", "docker-compose", "docker-buildx"],
  ...["iptables", "iproute2", "ca-certificates"],
];
const BASE = ["python3", "python3-venv", "ca-certificates"];
const PROMETHEUS = ["prometheus", "ca-certificates"];

/** What Debian gives, as paths. */
export interface Images {
  /** Folder with the root directory of the engine. */
  readonly engine: string;
  /** Archive of the base image, which stands for `python:3.12-slim-trixie`: no registry is needed. */
  readonly base: string;
  /** Archive that stands for `prom/prometheus:v2.53.3`, with the same version. */
  readonly prometheus: string;
}

/** Makes them once, in `folder`, and again after a change of their packages: a minute. */
export async function debianImages(folder: string): Promise<Images> {
  mkdirSync(folder, { recursive: true });
  const [engine, base, prometheus] = await Promise.all([
    once(folder, "engine", "", ENGINE),
    once(folder, "base", ".tar", BASE),
    once(folder, "prometheus", ".tar", PROMETHEUS),
  ]);
  return { engine, base, prometheus };
}

async function once(
  folder: string,
  name: string,
  suffix: string,
  packages: readonly string[],
): Promise<string> {
  const digest = createHash("sha256")
    .update(`${SUITE} ${packages.join(" ")}`)
    .digest("hex")
    .slice(0, 12);
  const target = join(folder, `${name}-${digest}${suffix}`);
  if (existsSync(target)) return target;
  for (const earlier of readdirSync(folder).filter((entry) => entry.startsWith(`${name}-`)))
    rmSync(join(folder, earlier), { recursive: true });
  const draft = join(folder, `draft-${name}${suffix}`);
  rmSync(draft, { recursive: true, force: true });
  // In namespaces: mmdebstrap would leave mounts if it was killed.
  const argv = [
    ...["--mount", "--pid", "--fork", "--kill-child", "mmdebstrap", "--quiet", "--variant=minbase"],
    ...["--aptopt=APT::Install-Recommends false", `--include=${packages.join(",")}`, SUITE, draft],
  ];
  await promisify(execFile)("unshare", argv, { timeout: TIMEOUT });
  renameSync(draft, target);
  return target;
}
