import type { Ownership } from "./owned-keys";

const SYSTEM: Ownership = { reason: "systemd sets it for the service", hint: "choose another name" };

const ENVIRONMENT: Ownership = {
  reason: "it would change which programs and modules the service loads",
  hint: "add packages to the environment of the cluster",
};

/** Variables that the nanny sets for each worker, with values of `distributed.nanny.pre-spawn-environ`. */
const PRE_SPAWN = /^((OMP|MKL|OPENBLAS)_NUM_THREADS|MALLOC_TRIM_THRESHOLD_|PYTHONHASHSEED)$/;

/** Names of variables that a definition cannot set, and why. */
const OWNED: readonly (readonly [RegExp, Ownership])[] = [
  [
    /^DASK_/,
    {
      reason: "Dask reads its configuration from these variables, in preference to the files of the cluster",
      hint: "set the key in dask of the definition",
    },
  ],
  [
    /^CUDA_VISIBLE_DEVICES$/,
    { reason: "dask cuda worker gives each worker process its GPU by it", hint: "remove the variable" },
  ],
  [
    /^CDKTF_DASK_/,
    { reason: "names with this beginning are those of this project", hint: "choose another name" },
  ],
  [/^(PATH|LD_\w+|CUDA_PATH|CUDA_HOME|PYTHON(PATH|HOME|STARTUP|USERBASE|SAFEPATH|PLATLIBDIR))$/, ENVIRONMENT],
  [/^(HOME|USER|LOGNAME|SHELL|TERM|PWD|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_\w+|MAINPID)$/, SYSTEM],
  [
    /^(NOTIFY_SOCKET|LISTEN_\w+|WATCHDOG_\w+|MEMORY_PRESSURE_\w+|(RUNTIME|STATE|CACHE|LOGS)_DIRECTORY)$/,
    SYSTEM,
  ],
];

/** Returns why a definition cannot set an environment variable of Dask's processes; `undefined` if it can. */
export function ownerOfVariable(name: string): Ownership | undefined {
  if (PRE_SPAWN.test(name))
    return {
      reason: "the nanny sets it for each worker process",
      hint: `set dask: { "distributed.nanny.pre-spawn-environ": { ${name}: "…" } }`,
    };
  return ownerInEnviron(name);
}

/** Returns why a definition cannot set a variable in `distributed.nanny.pre-spawn-environ` or `environ`. */
export function ownerInEnviron(name: string): Ownership | undefined {
  return OWNED.find(([pattern]) => pattern.test(name))?.[1];
}

/** Variables with credentials: as text they would be in the bundle. */
export const CREDENTIALS = /^AWS_(SECRET_ACCESS_KEY|SESSION_TOKEN)$/;
