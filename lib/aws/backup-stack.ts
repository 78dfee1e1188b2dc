import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { S3Object } from "@cdktf/provider-aws/lib/s3-object";
import { TerraformOutput, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { ValidationError } from "../config/validation-error";
import type { NodePlan } from "../node/node-plan";
import { planNodes } from "../node/plan";
import { Account } from "./account/account";
import { BACKUP_SUFFIX } from "./account/state-name";
import { clusterTags } from "./account/tags";
import { bundleAsset } from "./artifacts/bundle-object";
import { REQUIRED_PROVIDERS } from "./aws-stack";
import { configureBackend } from "./backend";
import { BackupBucket } from "./backup/backup-bucket";

/** Cluster of the backups. */
export interface BackupStackProps {
  /** Output of `defineCluster`, with `backup` and without `backup.bucket`. */
  readonly cluster: ResolvedCluster;
}

/**
 * Stack with the bucket of a cluster's backups, separate from the stack of the cluster, so that it survives `cdktf destroy` of
 * the cluster. It also stores the configuration of each deployment: the resolved definition, and the bundles with the
 * lockfiles and rendered files of the nodes. Deploy it before the cluster, and with each change of the definition.
 *
 * @example
 * const cluster = defineCluster({ name: "production", network: { adminSubnets: ["10.8.0.0/16"] }, backup: {} });
 * new BackupStack(app, "production-backup", { cluster });
 * new AwsStack(app, "production", { cluster });
 *
 * @throws ValidationError if the definition has no `backup`, or names an existing bucket
 */
export class BackupStack extends TerraformStack {
  /** The bucket. */
  readonly backupBucket: BackupBucket;

  constructor(scope: Construct, id: string, { cluster }: BackupStackProps) {
    super(scope, id);
    check(cluster);
    configureBackend(this, cluster, BACKUP_SUFFIX);
    new AwsProvider(this, "aws", { region: cluster.region, defaultTags: [{ tags: clusterTags(cluster) }] });
    this.addOverride("terraform.required_providers", { aws: REQUIRED_PROVIDERS.aws });
    const account = new Account(this, "account", { cluster });
    this.backupBucket = new BackupBucket(this, "backup", { cluster, account });
    this.store(cluster);
    new TerraformOutput(this, "location", {
      value: `s3://${this.backupBucket.name}`,
      description: "Location of the backups, for dask-cluster --location",
      staticId: true,
    });
  }

  /** Stores the resolved definition and the bundles of the nodes: no secrets, unless a definition has one as plain text. */
  private store(cluster: ResolvedCluster): void {
    const { scheduler, pools } = planNodes(cluster);
    const nodes = [scheduler, ...pools.map(({ node }) => node)];
    this.object(
      "definition",
      "cluster.json",
      { content: JSON.stringify(cluster, null, 2) },
      "application/json",
    );
    for (const node of nodes) this.bundle(node);
  }

  private bundle({ name, bundle }: NodePlan): void {
    const { path } = bundleAsset(this, `archive-${name}`, bundle);
    const content = { source: path, sourceHash: bundle.sha256 };
    this.object(`bundle-${name}`, `${name}.tar.gz`, content, "application/gzip");
  }

  private object(id: string, name: string, content: object, contentType: string): void {
    new S3Object(this, id, {
      bucket: this.backupBucket.name,
      key: `configuration/${name}`,
      ...content,
      contentType,
      serverSideEncryption: "aws:kms",
      kmsKeyId: this.backupBucket.keyArn,
      bucketKeyEnabled: true,
      dependsOn: [...this.backupBucket.ready],
    });
  }
}

function check({ name, backup }: ResolvedCluster): void {
  if (backup !== undefined && backup.bucket === undefined) return;
  const existing = backup?.bucket !== undefined;
  throw new ValidationError(name, [
    {
      path: existing ? "backup.bucket" : "backup",
      value: existing ? backup.bucket : undefined,
      expected: existing
        ? "no existing bucket: BackupStack creates one"
        : "backup: {} in the definition of a cluster with a BackupStack",
      hint: existing ? "remove backup.bucket or the BackupStack" : "add it, or remove the BackupStack",
    },
  ]);
}
