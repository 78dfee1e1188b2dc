import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { writeProject } from "../../lib/cli/compose/write-project";
import { renderCompose } from "../../lib/compose/render";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { packageIndex } from "../../lib/local/runtime/package-index";
import type { Engine, Outcome } from "./engine/engine";
import type { Images } from "./engine/images";

/** Names under which the engine has the images that containers start from. */
const BASE = "local/python:3.13-slim";
const PROMETHEUS = "local/prometheus:2.53";

/** The files of a cluster in an engine, and `docker compose` in their folder. */
export class Project {
  /** Folder of the files on this computer. */
  readonly folder: string;

  private constructor(
    private readonly engine: Engine,
    private readonly env: Readonly<Record<string, string>>,
  ) {
    this.folder = join(engine.project, "cluster");
  }

  /**
   * Renders a cluster, and gives the engine the images that containers start from. Builds use the package index of this computer.
   *
   * @param python an interpreter with pip
   */
  static async create(
    engine: Engine,
    cluster: ResolvedCluster,
    { base, prometheus }: Images,
    python: string,
  ): Promise<Project> {
    const index = await packageIndex(python, process.env);
    const project = new Project(engine, {
      CPU_BASE: BASE,
      GPU_BASE: BASE,
      PROMETHEUS_BASE: PROMETHEUS,
      ...(index.url !== undefined && { PIP_INDEX_URL: index.url }),
      ...(index.cert !== undefined && { BUILD_CERTIFICATES: "/mnt/project/certificates.crt" }),
    });
    if (index.cert !== undefined) copyFileSync(index.cert, join(engine.project, "certificates.crt"));
    writeProject(project.folder, renderCompose(cluster).files);
    for (const [archive, name] of [
      [base, BASE],
      [prometheus, PROMETHEUS],
    ] as const) {
      copyFileSync(archive, join(engine.project, "image.tar"));
      const { code, stderr } = await engine.docker(["import", "image.tar", name]);
      if (code !== 0) throw new Error(stderr);
    }
    return project;
  }

  /** Runs `docker compose`. */
  compose(argv: readonly string[], seconds = 120): Promise<Outcome> {
    return this.engine.docker(["compose", "--project-directory", "/mnt/project/cluster", ...argv], {
      env: this.env,
      seconds,
    });
  }

  /** Runs `docker compose` and returns its output. @throws Error if it fails */
  async run(...argv: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.compose(argv, 400);
    if (code !== 0) throw new Error(`docker compose ${argv.join(" ")}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Facts of the containers of a service, by `docker inspect`. */
  async containers(service: string): Promise<readonly Container[]> {
    const ids = (await this.run("ps", "--quiet", service)).split("\n").filter((id) => id !== "");
    const { stdout } = await this.engine.docker(["inspect", ...ids]);
    return JSON.parse(stdout) as Container[];
  }
}

/** The fields of `docker inspect` that tests read. */
export interface Container {
  readonly Id: string;
  readonly RestartCount: number;
  readonly Config: { readonly Hostname: string };
  readonly State: { readonly Pid: number; readonly Health: { readonly Status: string } };
  readonly HostConfig: {
    readonly Memory: number;
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[];
    readonly SecurityOpt: readonly string[];
    readonly PortBindings: Readonly<Record<string, readonly { HostIp: string; HostPort: string }[]>>;
  };
}
