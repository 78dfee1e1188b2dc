export { clusterTags } from "./aws/account/tags";
export { AwsStack, type AwsStackProps } from "./aws/aws-stack";
export { DaskCluster, type DaskClusterProps } from "./aws/dask-cluster";
export type { ClusterNetwork } from "./aws/network/cluster-network";
export type { Cluster, Pool } from "./cluster/cluster";
export { defineCluster } from "./cluster/define";
export type {
  ClusterDefinition,
  CpuPoolDefinition,
  GpuPoolDefinition,
  PoolDefinition,
} from "./cluster/definition";
export { DefinitionError, type Fault } from "./cluster/faults";
export { LocalStack, type LocalStackProps } from "./local/local-stack";
export type { LocalPorts } from "./local/ports";
export type { NodePlan } from "./node/node-plan";
export type { ClusterPlan, PoolPlan } from "./node/plan";
