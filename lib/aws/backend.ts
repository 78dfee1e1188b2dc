import { isAbsolute, join, relative } from "node:path";
import { App, CloudBackend, LocalBackend, NamedCloudWorkspace, S3Backend, type TerraformStack } from "cdktf";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { stateKey, withSuffix } from "./account/state-name";

/** First version of Terraform and OpenTofu whose S3 backend has `use_lockfile` (changelog of Terraform 1.10.0). */
const LOCK_FILE_VERSION = "1.10";

/**
 * Configures the state backend of a stack as in the definition of its cluster.
 *
 * @param suffix of the state's name, for a second stack of the cluster
 */
export function configureBackend(
  stack: TerraformStack,
  { backend, name, region }: ResolvedCluster,
  suffix = "",
): void {
  switch (backend.type) {
    case "local":
      new LocalBackend(stack, {
        path: fromStackDirectory(stack, withSuffix(backend.path ?? `terraform.${name}.tfstate`, suffix)),
      });
      break;
    case "s3":
      new S3Backend(stack, {
        bucket: backend.bucket,
        key: stateKey(backend, name, suffix),
        region: backend.region ?? region,
        encrypt: true,
        ...(backend.kmsKeyId === undefined ? {} : { kmsKeyId: backend.kmsKeyId }),
      });
      // The types of cdktf do not have it, and earlier versions of Terraform reject it.
      stack.addOverride("terraform.backend.s3.use_lockfile", true);
      stack.addOverride("terraform.required_version", `>= ${LOCK_FILE_VERSION}`);
      break;
    case "hcp":
      new CloudBackend(stack, {
        hostname: backend.hostname ?? "app.terraform.io",
        organization: backend.organization,
        workspaces: new NamedCloudWorkspace(`${backend.workspace ?? name}${suffix}`),
      });
  }
}

/**
 * Returns a path relative to the directory of the stack below `cdktf.out`, in which Terraform runs. Unlike an absolute
 * path, it is the same in every checkout.
 */
function fromStackDirectory(stack: TerraformStack, path: string): string {
  return isAbsolute(path) ? path : relative(join(App.of(stack).outdir, "stacks", stack.node.id), path);
}
