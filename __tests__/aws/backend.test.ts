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
    ["on this machine, beside cdktf.out", undefined, { path: "../../../terraform.research.tfstate" }],
    [
      "on this machine, in a folder",
      { type: "local", path: "state/a.tfstate" },
      { path: "../../../state/a.tfstate" },
    ],
    ["on this machine, anywhere", { type: "local", path: "/srv/a.tfstate" }, { path: "/srv/a.tfstate" }],
  ] as const)("%s", (_, backend, local) => {
    expect(terraform(backend).backend).toEqual({ local });
  });

  test("on this machine, when cdktf.out is elsewhere", () => {
    testApp();
    const elsewhere = mkdtempSync(join(".test", "out-"));
    try {
      expect(terraform(undefined, elsewhere).backend).toEqual({
        local: { path: "../../../../terraform.research.tfstate" },
      });
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });

  test("in S3, encrypted and locked, under the cluster's name and in its region", () => {
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

  test("in S3 requires a Terraform whose backend knows lock files, and elsewhere any", () => {
    expect(terraform(S3).required_version).toBe(">= 1.10");
    for (const backend of [undefined, HCP]) expect(terraform(backend)).not.toHaveProperty("required_version");
  });

  test("in S3, under a key, region and encryption key of one's own", () => {
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

  test("in HCP Terraform, in a workspace of the cluster's name", () => {
    expect(terraform(HCP)).toMatchObject({
      cloud: { hostname: "app.terraform.io", organization: "acme", workspaces: { name: "research" } },
    });
  });

  test("in a Terraform Enterprise of one's own", () => {
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
