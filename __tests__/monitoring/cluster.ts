import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineCluster } from "../../lib/config/define";
import { autoscalerPort } from "../../lib/local/addresses";
import { monitoringPort } from "../../lib/local/monitoring";
import { type LocalPaths, localPaths } from "../../lib/local/paths";
import type { LocalPorts } from "../../lib/local/ports";
import { autoscalerProgram } from "../../lib/local/runtime/autoscaler";
import { localPrograms, type Program } from "../../lib/local/runtime/programs";
import { prometheusProgram } from "../../lib/local/runtime/prometheus";
import { packageRoot } from "../../lib/node/package-file";
import { preloadFiles } from "../../lib/node/preloads";
import { end, freePorts, start, until } from "../dashboard/processes";
import { checkers } from "../support/python-environment";

/** Two workers that keep little in memory, so that they spill most of their data. */
const CLUSTER = defineCluster({
  name: "monitored",
  network: { adminSubnets: ["127.0.0.0/8"] },
  monitoring: true,
  autoscaling: true,
  dask: {
    "distributed.scheduler.allowed-failures": 5,
    "distributed.worker.memory": { target: 0.2, spill: 0.4 },
  },
  pools: [
    { name: "cpu", kind: "cpu", minSize: 2, desiredSize: 2, maxSize: 2, threads: 1, memoryLimit: "500MiB" },
  ],
});

const CPUS = 2;

/** Alert of Prometheus. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: "firing" | "pending";
}

/** Series of an instant query. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/**
 * Programs of a local cluster with monitoring: scheduler, two workers, autoscaler, and a real Prometheus, with the files and
 * command lines that the supervisor of a local stack would run. Prometheus scrapes and evaluates each second instead of 5 and 15, and alerts
 * do not wait: each `for` of the rules is 0 s.
 */
export class MonitoredCluster {
  private readonly processes = new Map<string, ChildProcess>();

  private constructor(
    private readonly paths: LocalPaths,
    private readonly ports: LocalPorts,
    private readonly directory: string,
  ) {}

  /** Starts all programs. */
  static async start(program: string): Promise<MonitoredCluster> {
    mkdirSync(join(packageRoot(), ".test"), { recursive: true });
    const directory = mkdtempSync(join(packageRoot(), ".test", "monitoring-"));
    const paths = {
      ...localPaths(CLUSTER.name, directory),
      environment: dirname(await checkers()),
    };
    const [scheduler = 0, dashboard = 0] = await freePorts(2);
    const cluster = new MonitoredCluster(paths, { scheduler, dashboard }, directory);
    try {
      await cluster.begin(program);
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Base of the URLs of Prometheus. */
  get url(): string {
    return `http://127.0.0.1:${monitoringPort(this.ports)}/prometheus`;
  }

  /** The scheduler's own page of metrics. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.ports.dashboard}/metrics`)).text();
  }

  /** The autoscaler's page of metrics. */
  async autoscalerMetrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${autoscalerPort(this.ports)}/metrics`)).text();
  }

  /** Gives the cluster work; ends when the workers keep more than their memory. */
  async load(): Promise<{ readonly killWorkers: () => void }> {
    const script = join(__dirname, "load.py");
    const load = this.run("load", {}, [this.python, script, `tcp://127.0.0.1:${this.ports.scheduler}`]);
    await until("the work does not begin", this.log("load"), async () =>
      readFileSync(this.log("load"), "utf8").includes("kept"),
    );
    return { killWorkers: () => load.stdin?.write("\n") };
  }

  /** Ends one program. */
  async kill(name: string): Promise<void> {
    const program = this.processes.get(name);
    if (program) await end(program);
  }

  /** Ends all programs, and removes their files. */
  async stop(): Promise<void> {
    for (const one of [...this.processes.values()].reverse()) await end(one);
    rmSync(this.directory, { recursive: true });
  }

  /** Response of Prometheus' API. */
  async ask(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, data, error } = (await response.json()) as Record<string, unknown>;
    if (status !== "success") throw new Error(`${path} ${JSON.stringify(parameters)}: ${error}`);
    return data;
  }

  /** Series of an instant query. */
  async query(query: string): Promise<readonly Series[]> {
    return ((await this.ask("query", { query })) as { readonly result: readonly Series[] }).result;
  }

  /** Alerts that fire or are pending, of a name. */
  async alerts(name: string): Promise<readonly Alert[]> {
    const { alerts } = (await this.ask("alerts")) as { readonly alerts: readonly Alert[] };
    return alerts.filter(({ labels }) => labels.alertname === name);
  }

  /** Bytes of memory that Prometheus uses. */
  memory(): number {
    const pid = this.processes.get("prometheus")?.pid;
    // `timeout` is its parent.
    const [child = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    const status = readFileSync(`/proc/${child}/status`, "utf8");
    expect(status).toMatch(/^Name:\tprometheus$/m);
    return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  }

  private get python(): string {
    return join(this.paths.environment, "bin", "python");
  }

  private async begin(prometheus: string): Promise<void> {
    const pools = CLUSTER.pools.map((pool) => ({
      pool,
      nodes: pool.desiredSize,
      desired: pool.desiredSize,
      workers: 1,
    }));
    const monitoring = prometheusProgram(CLUSTER, prometheus, this.paths, this.ports);
    const autoscaler = autoscalerProgram(CLUSTER, pools, CPUS, this.paths, this.ports);
    const programs = [
      ...localPrograms(CLUSTER, pools, CPUS, this.paths, this.ports),
      ...(autoscaler ? [withoutSupervisor(autoscaler)] : []),
      ...(monitoring ? [{ ...monitoring, config: hastened(monitoring) }] : []),
    ];
    for (const folder of [this.paths.logs, this.paths.scratch]) mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(preloadFiles())) this.write(join("preloads", name), content);
    for (const { name, argv, environment, config } of programs) {
      for (const [file, content] of Object.entries(config)) this.write(join(name, file), content);
      this.run(name, environment, argv);
    }
    await until("the workers do not register", this.log("dask-scheduler"), async () =>
      /^dask_scheduler_workers\{state="idle"\} 2\.0$/m.test(await this.metrics()),
    );
    await until("Prometheus does not answer", this.log("prometheus"), async () => {
      return (await this.query("dask:cluster:workers"))[0]?.value[1] === "2";
    });
  }

  private write(path: string, content: string): void {
    const file = join(this.paths.config, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  private run(
    name: string,
    environment: Readonly<Record<string, string>>,
    argv: readonly string[],
  ): ChildProcess {
    const program = start(
      this.log(name),
      { ...environment, PYTHONDONTWRITEBYTECODE: "1", HOME: this.paths.scratch },
      ...argv,
    );
    this.processes.set(name, program);
    return program;
  }

  private log(name: string): string {
    return join(this.paths.logs, `${name}.log`);
  }
}

/** The autoscaler with a provider of two nodes that cost something, because there is no supervisor. */
function withoutSupervisor({ argv, config, ...others }: Program): Program {
  const [python = ""] = argv;
  const priced = Object.entries(config).map(([name, text]) => [
    name,
    text.replace('"usdPerHour": null', '"usdPerHour": 0.25'),
  ]);
  return {
    ...others,
    argv: [python, "-P", join(__dirname, "autoscaler.py"), argv.at(-1) ?? ""],
    config: Object.fromEntries(priced),
  };
}

/** Configuration of Prometheus with an interval of a second, and rules whose alerts do not wait. */
function hastened({ config }: Program): Readonly<Record<string, string>> {
  const {
    "prometheus.yml": main = "",
    "dask.rules.yml": rules = "",
    "autoscaler.rules.yml": more = "",
  } = config;
  const prompt = (text: string) =>
    text.replace("interval: 15s", "interval: 1s").replaceAll(/for: \d+\w/g, "for: 0s");
  const faster = {
    "prometheus.yml": main.replaceAll(/_(interval|timeout): 5s/g, "_$1: 1s"),
    "dask.rules.yml": prompt(rules),
    "autoscaler.rules.yml": prompt(more),
  };
  expect(faster["prometheus.yml"].match(/: 1s/g)).toHaveLength(3);
  expect(faster["dask.rules.yml"].match(/: 1s|for: 0s/g)).toHaveLength(16);
  expect(faster["autoscaler.rules.yml"].match(/: 1s|for: 0s/g)).toHaveLength(5);
  return { ...config, ...faster };
}
