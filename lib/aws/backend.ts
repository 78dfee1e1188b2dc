import { isAbsolute, join, relative } from "node:path";
import { App, CloudBackend, LocalBackend, NamedCloudWorkspace, S3Backend, type TerraformStack } from "cdktf";
import type { Cluster } from "../cluster/cluster";

/** Gives a stack the state that its cluster's definition asks for. */
export function keepState(stack: TerraformStack, { backend, name, region }: Cluster): void {
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
      // S3's own lock file came after the last release of cdktf's types.
      stack.addOverride("terraform.backend.s3.use_lockfile", true);
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
