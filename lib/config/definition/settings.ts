/** Value of a key of Dask's configuration. */
export type DaskValue =
  | string
  | number
  | boolean
  | null
  | readonly DaskValue[]
  | { readonly [key: string]: DaskValue };

/**
 * Part of Dask's configuration: nested keys (`{ distributed: { worker: { memory: { target: 0.5 } } } }`), dotted keys
 * (`{ "distributed.worker.memory.target": 0.5 }`), or both. `-` and `_` in a key are the same. Lists replace those of Dask.
 */
export interface DaskSettings {
  readonly [key: string]: DaskValue;
}

/** Reference to a secret in AWS Secrets Manager. Only the node reads its value. */
export interface SecretReference {
  /** Name of a secret in the region and account of the cluster, or the complete ARN of a secret. */
  readonly secretsManager: string;
  /**
   * Key in the secret, whose value is a JSON object.
   *
   * @default - the whole value
   */
  readonly key?: string;
  /**
   * ARN of the customer managed KMS key that encrypts the secret. The node's role may decrypt this secret with it.
   *
   * @default - none: the AWS managed key `aws/secretsmanager`, which needs no permission
   */
  readonly kmsKey?: string;
}

/** Value of an environment variable. */
export type EnvironmentValue = string | SecretReference;

/** Settings of Dask's processes: those of the cluster, to which the scheduler and each pool add, and which they override. */
export interface SettingsDefinition {
  /**
   * Dask's configuration. It is checked against the schema of the release; keys that the cluster sets are rejected, unknown
   * keys are a warning at synth.
   *
   * @default - Dask's defaults and those of `cloud-init/dask/dask.yaml`
   */
  readonly dask?: DaskSettings;
  /**
   * Environment variables of Dask's processes, and so of tasks. A value is a text, or a reference to a secret:
   * `{ secretsManager: "prod/db", key: "password" }`. In the cluster, they apply to scheduler and workers.
   *
   * @default - `AWS_REGION` and `AWS_DEFAULT_REGION`, on AWS
   */
  readonly environmentVariables?: Readonly<Record<string, EnvironmentValue>>;
  /**
   * Modules that Dask imports when a process starts, such as `my_lib.setup`; it then calls their `dask_setup`. In the cluster
   * and in a pool, they apply to workers; in `scheduler`, to the scheduler.
   *
   * @default - none
   */
  readonly preload?: readonly string[];
}
