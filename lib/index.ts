export type { Principal, RoleStatement, Statement } from "./aws/account/policy";
export { clusterTags, type Tags } from "./aws/account/tags";
export { AwsStack, type AwsStackProps } from "./aws/aws-stack";
export type { Commands, PoolCommands } from "./aws/commands";
export { DaskCluster, type DaskClusterProps } from "./aws/dask-cluster";
export type { ClusterKey } from "./aws/encryption/cluster-key";
export type { ClusterSecrets } from "./aws/encryption/cluster-secrets";
export type { EncryptionKey } from "./aws/encryption/encryption-key";
export type { ExistingKey } from "./aws/encryption/existing-key";
export type { ClusterImages } from "./aws/image/cluster-images";
export type { ImageBuilder } from "./aws/image/image-builder";
export type { Scheduler } from "./aws/machines/scheduler";
export type { WorkerLaunchTemplate } from "./aws/machines/worker-launch-template";
export type { WorkerPool } from "./aws/machines/worker-pool";
export type { ClusterNetwork } from "./aws/network/cluster-network";
export type { ClusterSecurity } from "./aws/network/cluster-security";
export type { FlowLogs } from "./aws/network/flow-logs";
export { Outputs, type OutputsProps } from "./aws/outputs";
export type { BuilderRole } from "./aws/roles/builder-role";
export type { MachineRole } from "./aws/roles/machine-role";
export type { NodeRole } from "./aws/roles/node-role";
export type { PoolRole } from "./aws/roles/pool-role";
export type { SchedulerRole } from "./aws/roles/scheduler-role";
export type { AddressPath } from "./cluster/address-defaults";
export type { Amount } from "./cluster/amounts";
export type {
  Cluster,
  CommonPool,
  CpuPool,
  GpuPool,
  Network as ResolvedNetwork,
  Pool,
  Scheduler as ResolvedScheduler,
  Zone as ResolvedZone,
} from "./cluster/cluster";
export { defineCluster } from "./cluster/define";
export type {
  Backend,
  ClusterDefinition,
  CommonPoolDefinition,
  CpuPoolDefinition,
  GpuPoolDefinition,
  HcpBackend,
  Image,
  InstanceTypeDefinition,
  LocalBackend,
  NetworkDefinition,
  PoolDefinition,
  S3Backend,
  SchedulerDefinition,
  SpillDefinition,
  SshDefinition,
  ZoneDefinition,
} from "./cluster/definition";
export type { GivenFacts, InstanceTypeFacts } from "./cluster/instance-types";
export {
  type CudaSource,
  RELEASE_NAMES,
  type Release,
  type ReleaseName,
  type UcxLayer,
} from "./cluster/releases";
export { ValidationError, type ValidationIssue } from "./cluster/validation-error";
export { LocalStack, type LocalStackProps } from "./local/local-stack";
export type { LocalPorts } from "./local/ports";
export type { Bundle } from "./node/bundle";
export type { ImageContents } from "./node/image-contents";
export type { NodeFile, NodePlan, NodeRole as NodeKind, Phase } from "./node/node-plan";
export type { ClusterPlan, PoolPlan } from "./node/plan";
export type { Holder } from "./node/secrets";
export type { Service } from "./node/service";
