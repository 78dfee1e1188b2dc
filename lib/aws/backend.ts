import { isAbsolute, join, relative } from "node:path";
import { App, CloudBackend, LocalBackend, NamedCloudWorkspace, S3Backend, type TerraformStack } from "cdktf";
import type { ResolvedCluster } from "../config/resolved-cluster";

/** First Terraform whose S3 backend has `use_lockfile` (its changelog, 1.10.0); OpenTofu has it from the same version. */
const LOCK_FILE_VERSION = "1.10";

/** Gives a stack the state that its cluster's definition asks for. */
export function configureBackend(stack: TerraformStack, { backend, name, region }: ResolvedCluster): void {
  switch (backend.type) {
    case "local":
      new LocalBackend(stack, {
        path: fromStackDirectory(stack, backend.path ?? `terraform.${name}.tfstate`),
      });
      break;
    case "s3":
      new S3Backend(stack, {
        bucket: backend.bucket,
        key: backend.key ?? `cdktf-dask/${name}.tfstate`,
        region: backend.region ?? region,
        encrypt: true,
        ...(backend.kmsKeyId === undefined ? {} : { kmsKeyId: backend.kmsKeyId }),
      });
      // Lock files in S3 are newer than cdktf's types, and than most of Terraform 1.
      stack.addOverride("terraform.backend.s3.use_lockfile", true);
      stack.addOverride("terraform.required_version", `>= ${LOCK_FILE_VERSION}`);
      break;
    case "hcp":
      new CloudBackend(stack, {
        hostname: backend.hostname ?? "app.terraform.io",
        organization: backend.organization,
        workspaces: new NamedCloudWorkspace(backend.workspace ?? name),
      });
  }
}

/**
 * Terraform runs in the stack's directory below `cdktf.out`. A path from there outlives that directory, and unlike
 * an absolute one it means the same in another checkout.
 */
function fromStackDirectory(stack: TerraformStack, path: string): string {
  return isAbsolute(path) ? path : relative(join(App.of(stack).outdir, "stacks", stack.node.id), path);
}
