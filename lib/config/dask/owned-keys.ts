import { canonicalKey } from "./read-settings";

/** Why a definition cannot set something, and what to use instead. */
export interface Ownership {
  readonly reason: string;
  readonly hint: string;
}

const tls: Ownership = {
  reason: "it decides who may connect, and must be the same on all nodes",
  hint: "set tls of the definition",
};

const preload: Ownership = {
  reason: "the cluster sets its preloads, for certificates, metrics and autoscaling",
  hint: "set preload of the definition, of the scheduler or of a pool",
};

const address: Ownership = {
  reason: "it is the address of the cluster's scheduler",
  hint: "set scheduler.privateAddress of the definition",
};

/**
 * Keys that the cluster sets in `cloud-init/dask/*.yaml` or by flags of Dask's commands, with everything below them. Other keys
 * of these files are defaults, which a definition overrides.
 */
const OWNED: Readonly<Record<string, Ownership>> = {
  "temporary-directory": {
    reason: "it is the node's scratch space, which the boot mounts",
    hint: "set spill.storage of the pool",
  },
  "scheduler-address": address,
  "distributed.scheduler.contact-address": address,
  "distributed.comm.default-scheme": tls,
  "distributed.comm.require-encryption": tls,
  "distributed.comm.tls": tls,
  "distributed.scheduler.dashboard.tls": {
    reason: "the dashboard proxy terminates TLS",
    hint: "set tls of the definition",
  },
  "distributed.scheduler.dashboard.bokeh-application.allow_websocket_origin": {
    reason: "it names the addresses of the dashboard proxy, which prevents cross-site WebSocket hijacking",
    hint: "open the dashboard under the address that the deployment prints",
  },
  "distributed.dashboard.link": {
    reason: "it is the address of the dashboard proxy",
    hint: "remove the key",
  },
  ...Object.fromEntries(
    ["scheduler", "worker", "nanny"].flatMap((process) => [
      [`distributed.${process}.preload`, preload],
      [`distributed.${process}.preload-argv`, preload],
    ]),
  ),
  "distributed.worker.resources": {
    reason: "the flag --resources of the pool replaces it",
    hint: "set resources of the pool",
  },
  "distributed.worker.memory.max-spill": {
    reason: "it is the limit of the pool",
    hint: "set spill.limit of the pool",
  },
  "distributed.rmm.pool-size": {
    reason: "it is the RMM pool of the GPU pool",
    hint: "set rmmPool of the pool",
  },
  "distributed-ucxx.create-cuda-context": {
    reason: "nodes with UCX need it",
    hint: "set ucx of the pools",
  },
};

/** Returns why a definition cannot set a key of Dask's configuration; `undefined` if it can. */
export function ownerOfKey(path: string): Ownership | undefined {
  const spelled = canonicalKey(path);
  const [, owner] =
    Object.entries(OWNED).find(([key]) => {
      const owned = canonicalKey(key);
      return spelled === owned || spelled.startsWith(`${owned}.`);
    }) ?? [];
  return owner;
}
