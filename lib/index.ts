export type { Principal, RoleStatement, Statement } from "./aws/account/policy";
export { suppress } from "./aws/account/suppression";
export { clusterTags, type Tags } from "./aws/account/tags";
export type { AlertTopic } from "./aws/alerts/alert-topic";
export { AwsStack, type AwsStackProps } from "./aws/aws-stack";
export type { BackupBucket } from "./aws/backup/backup-bucket";
export type { BackupLocation } from "./aws/backup/backup-location";
export { BackupStack, type BackupStackProps } from "./aws/backup-stack";
export type { Commands, PoolCommands } from "./aws/commands";
export { DaskCluster, type DaskClusterProps } from "./aws/dask-cluster";
export type { ClusterKey } from "./aws/encryption/cluster-key";
export type { ClusterSecrets } from "./aws/encryption/cluster-secrets";
export type { EncryptionKey } from "./aws/encryption/encryption-key";
export type { ExistingKey } from "./aws/encryption/existing-key";
export type { LogGroup } from "./aws/encryption/log-group";
export type { BakedImages } from "./aws/image/baked-images";
export type { ImageBuilder } from "./aws/image/image-builder";
export type { CloudWatchMonitoring } from "./aws/monitoring/cloudwatch-monitoring";
export type { ClusterNetwork } from "./aws/network/cluster-network";
export type { ClusterSecurityGroups } from "./aws/network/cluster-security-groups";
export type { FlowLogs } from "./aws/network/flow-logs";
export type { Scheduler } from "./aws/nodes/scheduler";
export type { WorkerLaunchTemplate } from "./aws/nodes/worker-launch-template";
export type { WorkerPool } from "./aws/nodes/worker-pool";
export { Outputs, type OutputsProps } from "./aws/outputs";
export type { PipelineRole } from "./aws/pipeline/pipeline-role";
export { PipelineRoles, type PipelineRolesProps } from "./aws/pipeline/pipeline-roles";
export { PipelineStack, type PipelineStackProps } from "./aws/pipeline-stack";
export type { BuilderRole } from "./aws/roles/builder-role";
export type { InstanceRole } from "./aws/roles/instance-role";
export type { NodeRole } from "./aws/roles/node-role";
export type { PoolRole } from "./aws/roles/pool-role";
export type { SchedulerRole } from "./aws/roles/scheduler-role";
export type { AddressPath } from "./config/address-defaults";
export type { Amount } from "./config/amounts";
export type { Autoscaling, Scaling } from "./config/autoscaling";
export { defineCluster } from "./config/define";
export type {
  AlertSubscription,
  Architecture,
  AutoscalingDefinition,
  Backend,
  BackupDefinition,
  ClusterDefinition,
  CommonNetworkDefinition,
  CommonPoolDefinition,
  CpuPoolDefinition,
  DaskSettings,
  DaskValue,
  DataDefinition,
  EnvironmentDefinition,
  EnvironmentValue,
  ExistingNetworkDefinition,
  GitHubIdentity,
  GitLabIdentity,
  GpuPoolDefinition,
  HcpBackend,
  HcpIdentity,
  HostedZoneDefinition,
  Image,
  InstanceTypeDefinition,
  LocalBackend,
  MonitoringDefinition,
  NetworkDefinition,
  NewNetworkDefinition,
  NodeSetupDefinition,
  PackageIndexDefinition,
  PipelineDefinition,
  PipelineIdentity,
  PoolDefinition,
  RemoteUrlDefinition,
  RemoteWriteDefinition,
  S3Backend,
  SchedulerDefinition,
  SecretReference,
  SettingsDefinition,
  SpillDefinition,
  SshDefinition,
  WorkspaceDefinition,
  ZoneDefinition,
} from "./config/definition";
export type { GivenFacts, InstanceTypeFacts } from "./config/instance-types";
export type { Monitoring, RemoteWrite as ResolvedRemoteWrite } from "./config/monitoring";
export {
  type CudaSource,
  RELEASE_NAMES,
  type Release,
  type ReleaseName,
  type UcxLayer,
} from "./config/releases";
export type {
  CommonPool,
  CpuPool,
  Environment,
  ExistingNetwork as ResolvedExistingNetwork,
  GpuPool,
  Network as ResolvedNetwork,
  Pool,
  ResolvedCluster,
  Scheduler as ResolvedScheduler,
  Zone as ResolvedZone,
} from "./config/resolved-cluster";
export { ValidationError, type ValidationIssue } from "./config/validation-error";
export type { LocalPorts } from "./local/ports";
export { LocalStack, type LocalStackProps } from "./local/stack/local-stack";
export type { ArchiveFile } from "./node/archive";
export type { Bundle } from "./node/bundle";
export type { Expectation, ExpectedPool } from "./node/expectation";
export type { ImageContents } from "./node/image-contents";
export type { BootStep, NodeFile, NodePlan, NodeRole as NodeKind, SetupStep } from "./node/node-plan";
export type { ClusterPlan, PoolPlan } from "./node/plan";
export type { ClusterSecretName } from "./node/secrets";
export type { Service } from "./node/service";
