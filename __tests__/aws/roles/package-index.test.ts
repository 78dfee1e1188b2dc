import { DaskCluster } from "../../../lib/aws/dask-cluster";
import { defineCluster } from "../../../lib/config/define";
import { Synthesized } from "../../support/synthesized";
import { policiesOf } from "../policies";

const ROLES = ["scheduler-role", "pool-roles_cpu", "images_builder_role"];

/** The policies with the name `package-index` of all roles, with this secret. */
function policies(credentialsSecret?: string) {
  const cluster = defineCluster({
    name: "test",
    network: { adminSubnets: ["10.0.0.0/16"] },
    bakedImages: true,
    environment: {
      index: { url: "https://pypi.company.internal/simple", ...(credentialsSecret && { credentialsSecret }) },
    },
  });
  const synthesized = Synthesized.of((stack) => new DaskCluster(stack, "dask", { cluster }));
  return ROLES.map((role) => policiesOf(synthesized, `dask_${role}`)["package-index"]);
}

const allows = (resource: string) => ({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: resource }],
});

test("scheduler, workers and image builders may read the password of the package index, by the name of its secret", () => {
  const resource = "arn:PARTITION:secretsmanager:us-west-2:ACCOUNT:secret:company/pypi-??????";
  expect(policies("company/pypi")).toEqual(ROLES.map(() => allows(resource)));
});

test("or by its ARN", () => {
  const resource = "arn:aws:secretsmanager:us-west-2:123456789012:secret:pypi-AbCdEf";
  expect(policies(resource)).toEqual(ROLES.map(() => allows(resource)));
});

test("without a password, no role has this permission", () => {
  expect(policies()).toEqual(ROLES.map(() => undefined));
});
