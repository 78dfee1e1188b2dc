export { AwsStack, type AwsStackOptions } from "./aws/aws-stack";
export { DaskCluster, type DaskClusterProps } from "./aws/dask-cluster";
export { clusterTags } from "./aws/tags";
export type { Cluster, Pool } from "./cluster/cluster";
export { defineCluster } from "./cluster/define";
export type {
  ClusterDefinition,
  CpuPoolDefinition,
  GpuPoolDefinition,
  PoolDefinition,
} from "./cluster/definition";
export { DefinitionError, type Fault } from "./cluster/faults";
export { LocalStack } from "./local/local-stack";
