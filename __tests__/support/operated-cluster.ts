import type { ClusterDefinition } from "../../lib/config/definition";

/** Definition of the cluster whose commands tests compare. */
export const DEFINITION: ClusterDefinition = {
  name: "test",
  region: "eu-west-1",
  network: { adminSubnets: ["10.0.0.0/16"] },
  pools: [
    { name: "cpu", kind: "cpu", desiredSize: 2, maxSize: 8 },
    { name: "gpu", kind: "gpu", maxSize: 3 },
  ],
};

/** Finds the scheduler by its tags, so that the command works while a deployment is running. */
export const SCHEDULER =
  "$(aws ec2 describe-instances --region eu-west-1 --filters Name=tag:dask:cluster,Values=test Name=tag:dask:role,Values=scheduler Name=instance-state-name,Values=pending,running --query 'Reservations[0].Instances[0].InstanceId' --output text)";
