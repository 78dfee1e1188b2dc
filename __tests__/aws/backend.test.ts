import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AwsStack } from "../../lib/aws/aws-stack";
import { defineCluster } from "../../lib/config/define";
import type { Backend } from "../../lib/config/definition";
import { Synthesized, testApp } from "../support/synthesized";

const S3: Backend = { type: "s3", bucket: "states" };
const HCP: Backend = { type: "hcp", organization: "acme" };

describe("state", () => {
  test.each([
    [
      "is a local file next to cdktf.out by default",
      undefined,
      { path: "../../../terraform.research.tfstate" },
    ],
    [
      "is a local file at a relative path",
      { type: "local", path: "state/a.tfstate" },
      { path: "../../../state/a.tfstate" },
    ],
    [
      "is a local file at an absolute path",
      { type: "local", path: "/srv/a.tfstate" },
      { path: "/srv/a.tfstate" },
    ],
  ] as const)("%s", (_, backend, local) => {
    expect(terraform(backend).backend).toEqual({ local });
  });

  test("is a local file also for another output folder", () => {
    testApp();
    const outdir = mkdtempSync(join(".test", "out-"));
    try {
      expect(terraform(undefined, outdir).backend).toEqual({
        local: { path: "../../../../terraform.research.tfstate" },
      });
    } finally {
      rmSync(outdir, { recursive: true });
    }
  });

  test("in S3 is encrypted and locked, under the cluster's name and in its region", () => {
    expect(terraform(S3).backend).toEqual({
      s3: {
        bucket: "states",
        key: "cdktf-dask/research.tfstate",
        region: "eu-west-1",
        encrypt: true,
        use_lockfile: true,
      },
    });
  });

  test("in S3 requires a version of Terraform with lock files, other backends do not", () => {
    expect(terraform(S3).required_version).toBe(">= 1.10");
    for (const backend of [undefined, HCP]) expect(terraform(backend)).not.toHaveProperty("required_version");
  });

  test("in S3 has the key, the region and the KMS key of the definition", () => {
    expect(
      terraform({ ...S3, key: "a.tfstate", region: "us-east-1", kmsKeyId: "alias/states" }).backend,
    ).toEqual({
      s3: {
        bucket: "states",
        key: "a.tfstate",
        region: "us-east-1",
        kms_key_id: "alias/states",
        encrypt: true,
        use_lockfile: true,
      },
    });
  });

  test("in HCP Terraform is in a workspace named after the cluster", () => {
    expect(terraform(HCP)).toMatchObject({
      cloud: { hostname: "app.terraform.io", organization: "acme", workspaces: { name: "research" } },
    });
  });

  test("in Terraform Enterprise has the host name and the workspace of the definition", () => {
    expect(terraform({ ...HCP, hostname: "tfe.acme.example", workspace: "dask" })).toMatchObject({
      cloud: { hostname: "tfe.acme.example", organization: "acme", workspaces: { name: "dask" } },
    });
  });
});

function terraform(backend?: Backend, outdir?: string) {
  const cluster = defineCluster({
    name: "research",
    region: "eu-west-1",
    network: { adminSubnets: ["10.0.0.0/16"] },
    ...(backend && { backend }),
  });
  return new Synthesized(new AwsStack(testApp(outdir), "research", { cluster })).terraform;
}
