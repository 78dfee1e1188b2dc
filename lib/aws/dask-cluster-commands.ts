import { PORTS } from "../config/ports";
import type { Pool, ResolvedCluster } from "../config/resolved-cluster";

/**
 * Commands of the program `dask-cluster`, which operates a cluster. The environment that `npx cdktf-dask client <cluster>`
 * makes contains it. They find everything by tags and fixed names, so they also work during a deployment, and after one
 * that failed.
 */
export class DaskClusterCommands {
  constructor(private readonly cluster: ResolvedCluster) {}

  /** Opens a tunnel from port 8786 of localhost to the scheduler. */
  get tunnelScheduler(): string {
    return this.command("tunnel", "--port", String(PORTS.scheduler.from));
  }

  /** Opens the dashboard in a browser, through a tunnel from port 8787 of localhost. */
  get tunnelDashboard(): string {
    return this.command("dashboard", "--port", String(PORTS.dashboard.from));
  }

  /** Prints the password of the dashboard's user `dask`. */
  get dashboardPassword(): string {
    return this.command("dashboard", "--password");
  }

  /** Changes the password of the dashboard's user `dask`. */
  get rotateDashboardPassword(): string {
    return this.command("rotate-password");
  }

  /** Renews all certificates now. */
  get renewCertificates(): string {
    return this.command("renew-certificates");
  }

  /** Tests on the scheduler's node whether the cluster matches its definition. */
  get smokeTest(): string {
    return this.command("smoke-test");
  }

  /** Backs up the published datasets. */
  get backup(): string {
    return this.command("backup");
  }

  /** Lists all nodes with their states. */
  get status(): string {
    return this.command("status");
  }

  /** Follows the log of the scheduler's boot. */
  get bootLogOfScheduler(): string {
    return this.command("logs", "scheduler", "--boot", "--follow");
  }

  /** Follows the log of the scheduler. */
  get logsOfScheduler(): string {
    return this.command("logs", "scheduler", "--follow");
  }

  /** Follows the log of the workers on the first instance of a pool. */
  logsOf({ name }: Pool): string {
    return this.command("logs", name, "--follow");
  }

  /** Sets the number of the pool's instances. Without work, the autoscaler undoes this after the pool's idle time. */
  scale({ name, desiredSize }: Pool): string {
    return this.command("scale", name, String(desiredSize));
  }

  private command(name: string, ...args: readonly string[]): string {
    return ["dask-cluster", name, this.cluster.name, ...args, "--region", this.cluster.region].join(" ");
  }
}
