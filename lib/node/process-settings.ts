import { stringify } from "yaml";
import { mergeDaskSettings, readDaskSettings } from "../config/dask/read-settings";
import type { DaskSettings, EnvironmentValue, SettingsDefinition } from "../config/definition";
import type { Pool, ResolvedCluster } from "../config/resolved-cluster";
import type { Service } from "./service";

/** Settings of the definition for the scheduler, or for the workers of a pool. */
export interface ProcessSettings {
  /** Dask's configuration, as nested keys in Dask's spelling. */
  readonly dask: DaskSettings;
  readonly variables: Readonly<Record<string, EnvironmentValue>>;
  /** Modules that Dask imports when a process starts. */
  readonly preload: readonly string[];
}

/**
 * Returns the settings of the cluster with those of the scheduler or a pool, which win.
 *
 * @param pool pool of the workers; none for the scheduler
 */
export function processSettings(cluster: ResolvedCluster, pool?: Pool): ProcessSettings {
  const own: SettingsDefinition = pool ?? cluster.scheduler;
  return {
    dask: mergeDaskSettings(clientSettings(cluster), nested(cluster, own)),
    variables: { ...cluster.environmentVariables, ...own.environmentVariables },
    // A preload for workers may fail in the scheduler.
    preload: [...((pool && cluster.preload) ?? []), ...(own.preload ?? [])],
  };
}

/** Returns Dask's configuration that every process of a cluster has, its clients too. */
export function clientSettings(cluster: ResolvedCluster): DaskSettings {
  return nested(cluster, cluster);
}

/** File of Dask's configuration with the settings of the definition: after those of the cluster in the order of the alphabet. */
const USER_FILE = "user.yaml";

/** Quotes all texts: PyYAML reads YAML 1.1, where `on`, `1:30` and others are no texts. */
const QUOTED = { version: "1.1", defaultStringType: "QUOTE_DOUBLE", lineWidth: 0 } as const;

/** Returns the file with the settings of the definition, content by name; none without settings. */
export function userConfig({ dask }: Pick<Service, "dask">): Readonly<Record<string, string>> {
  return Object.keys(dask).length === 0 ? {} : { [USER_FILE]: stringify(dask, QUOTED) };
}

function nested({ release }: ResolvedCluster, { dask = {} }: SettingsDefinition): DaskSettings {
  return readDaskSettings(dask, release.name).settings;
}
