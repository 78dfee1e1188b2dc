import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { production } from "../../environments/production";
import { daskConfig } from "../../lib/node/dask-config";
import { nodeContext } from "../../lib/node/node-context";
import { packageRoot } from "../../lib/node/package-file";
import { clusterPreloads } from "../../lib/node/preloads";
import { checkers } from "../support/python-environment";
import { end, freePorts, start, until } from "./processes";
import type { Ports } from "./proxy";

/**
 * Routes of a scheduler that also serves its HTTP API. Dask's default routes do not include it; the proxy must not rely
 * on that.
 */
const ROUTES = ["api", "prometheus", "info", "json"].map((name) => `distributed.http.scheduler.${name}`);
const WITH_API = `distributed:
  scheduler:
    http:
      routes: ${JSON.stringify([...ROUTES, ...["health", "proxy", "statics"].map((name) => `distributed.http.${name}`)])}
`;

const PRELOADS = join(packageRoot(), "python/src/cdktf_dask/preloads");

/** A real scheduler with two workers on 127.0.0.1, configured like the node of a scheduler. */
export class Cluster {
  private readonly processes: ChildProcess[] = [];

  private constructor(
    readonly ports: Ports,
    private readonly comm: number,
    private readonly bin: string,
    private readonly directory: string,
  ) {}

  /** Starts them, with a port for the proxy. */
  static async start(): Promise<Cluster> {
    const [proxy = 0, http = 0, worker = 0, comm = 0] = await freePorts(4);
    const parent = join(packageRoot(), ".test");
    mkdirSync(parent, { recursive: true });
    const directory = mkdtempSync(join(parent, "dashboard-"));
    const cluster = new Cluster({ proxy, http, worker }, comm, await checkers(), directory);
    try {
      await cluster.begin();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Ends all processes and removes all files. */
  async stop(): Promise<void> {
    for (const one of this.processes) await end(one);
    rmSync(this.directory, { recursive: true });
  }

  /** Response of Dask's HTTP server to a request from its node. */
  async ask(path: string): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.ports.http}${path}`, { signal: AbortSignal.timeout(10_000) });
  }

  /** Number of the workers. */
  async workers(): Promise<number> {
    const { num_workers: workers } = (await (await this.ask("/api/v1/get_workers")).json()) as {
      num_workers: number;
    };
    return workers;
  }

  /**
   * Writes the status page to a folder each second, until the cluster stops.
   *
   * @param age seconds by which its facts are older than they are
   */
  writeStatus(folder: string, age = 0): ChildProcess {
    const script = join(__dirname, "status_page.py");
    this.python("status-page", script, folder, `http://127.0.0.1:${this.ports.http}/metrics`, String(age));
    return this.processes.at(-1) as ChildProcess;
  }

  /** Has a client keep the workers busy until the cluster stops. */
  work(): void {
    this.python("work", join(__dirname, "work.py"), this.address);
  }

  private get address(): string {
    return `tcp://127.0.0.1:${this.comm}`;
  }

  private async begin(): Promise<void> {
    mkdirSync(join(this.directory, "config"));
    const [main] = daskConfig(production, nodeContext(production), false, { dask: {} });
    const configuration = (main?.content ?? "")
      .replaceAll("8787", String(this.ports.proxy))
      .replaceAll("/var/lib/dask", this.directory);
    writeFileSync(join(this.directory, "config", "dask.yaml"), configuration);
    writeFileSync(join(this.directory, "config", "api.yaml"), WITH_API);
    const { http, worker } = this.ports;
    const here = ["--host", "127.0.0.1", "--dashboard-address"];
    const preloads = clusterPreloads({ tls: false }, "scheduler", PRELOADS).flatMap((path) => [
      "--preload",
      path,
    ]);
    const options = ["--port", String(this.comm), ...preloads];
    const log = this.dask("scheduler", ...here, `127.0.0.1:${http}`, ...options);
    await until("the scheduler does not answer", log, async () => (await this.ask("/health")).ok);
    for (const [name, port] of [
      ["cpu--ip-10-20-0-17", worker],
      ["cpu--ip-10-20-0-18", 0],
    ]) {
      const size = ["--nthreads", "2", "--memory-limit", "400MiB"];
      const options = ["--name", String(name), ...size, "--no-nanny", "--death-timeout", "60"];
      this.dask("worker", this.address, ...here, `127.0.0.1:${port}`, ...options);
    }
    await until("the workers do not register", log, async () => (await this.workers()) === 2);
  }

  private dask(...argv: string[]): string {
    return this.python(`dask-${this.processes.length}`, "-m", "dask", ...argv);
  }

  private python(name: string, ...argv: string[]): string {
    const log = join(this.directory, `${name}.log`);
    const environment = {
      DASK_CONFIG: join(this.directory, "config"),
      DASK_ROOT_CONFIG: join(this.directory, "config"),
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONPATH: join(packageRoot(), "python/src"),
    };
    this.processes.push(start(log, environment, join(this.bin, "python"), ...argv));
    return log;
  }
}
