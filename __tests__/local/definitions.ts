import { GIB } from "../../lib/config/bytes";
import { defineCluster } from "../../lib/config/define";
import type { PoolDefinition } from "../../lib/config/definition";
import type { ReleaseName } from "../../lib/config/releases";
import type { ResolvedCluster } from "../../lib/config/resolved-cluster";
import { localPaths } from "../../lib/local/paths";
import type { Computer } from "../../lib/local/runtime/computer";

/** Paths of the cluster of unit tests; nothing is written there. */
export const PATHS = localPaths("test", "/project");

/** Ports other than the defaults, so that tests show which ones are used. */
export const PORTS = { scheduler: 18786, dashboard: 18787 };

/** A computer with four CPUs, 32 GiB of memory and no GPU. */
export const LAPTOP: Computer = {
  python: { path: "/usr/bin/python3.12", version: "3.12" },
  cpus: 4,
  memory: 32 * GIB,
  gpus: 0,
  platform: "linux x64",
};

/** The same with two GPUs. */
export const WORKSTATION: Computer = { ...LAPTOP, gpus: 2 };

/** A cluster of these pools. */
export function clusterOf(
  pools: readonly PoolDefinition[],
  release: ReleaseName = "2026.7",
): ResolvedCluster {
  return defineCluster({ name: "test", release, network: { adminSubnets: ["127.0.0.0/8"] }, pools });
}

/** The same pool with a fixed size: as many nodes at most as at the start. */
export function fixedSize<P extends PoolDefinition>(pool: P): P {
  return { ...pool, maxSize: Math.max(1, pool.desiredSize ?? 1) };
}

/** Returns the message of the error that a function throws. */
export async function failure(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("no error was thrown");
}
