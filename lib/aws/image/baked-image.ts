import { createHash } from "node:crypto";
import { ImagebuilderComponent } from "@cdktf/provider-aws/lib/imagebuilder-component";
import { ImagebuilderDistributionConfiguration } from "@cdktf/provider-aws/lib/imagebuilder-distribution-configuration";
import { ImagebuilderImage } from "@cdktf/provider-aws/lib/imagebuilder-image";
import { ImagebuilderImagePipeline } from "@cdktf/provider-aws/lib/imagebuilder-image-pipeline";
import { ImagebuilderImageRecipe } from "@cdktf/provider-aws/lib/imagebuilder-image-recipe";
import { ImagebuilderInfrastructureConfiguration } from "@cdktf/provider-aws/lib/imagebuilder-infrastructure-configuration";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import type { Bundle } from "../../node/bundle";
import { resourceName } from "../../node/names";
import type { NodePlan } from "../../node/node-plan";
import type { ArtifactBucket } from "../artifacts/artifact-bucket";
import { BundleObject } from "../artifacts/bundle-object";
import type { EncryptionKey } from "../encryption/encryption-key";
import { LogGroup } from "../encryption/log-group";
import { buildLogGroup } from "../encryption/log-names";
import { parentImage, ROOT_DEVICE } from "./base-image";
import { componentDocument } from "./component-document";
import type { ImageBuilder } from "./image-builder";

/** The only version: names contain the digest of the contents. */
const VERSION = "1.0.0";

/**
 * Names change with the contents. Terraform creates the replacement first, because running groups still use the old
 * AMI.
 */
const CREATE_BEFORE_DESTROY = { lifecycle: { createBeforeDestroy: true } };

/**
 * No tests, because the build ends with a check of its result. No inventory, which needs more permissions: the lockfile has
 * the packages.
 */
const BUILD_ONLY = {
  imageTestsConfiguration: { imageTestsEnabled: false },
  enhancedImageMetadataEnabled: false,
};

/** Contents of an AMI. Nodes with equal contents share an AMI. */
export interface AmiContents {
  readonly description: string;
  /** Base image, in the form of Image Builder recipes. */
  readonly parentImage: string;
  /** Size of the root volume in GiB: an instance that starts from the AMI needs at least the same. */
  readonly diskGiB: number;
  /** Document of the component that installs the contents. */
  readonly document: string;
  /** Archive that the component downloads. */
  readonly bundle: Bundle;
  /**
   * Digest of the other fields: part of the names in AWS, and the id of the construct. So a name has the same Terraform
   * address, whichever pools use the AMI.
   */
  readonly digest: string;
}

/**
 * Returns the contents of an AMI for a node: its `imageContents`, on its image.
 */
export function amiContents(
  { name, release }: ResolvedCluster,
  node: NodePlan,
  diskGiB: number,
): AmiContents {
  const description = `nodes of the Dask cluster ${name}, release ${release.name}`;
  const { imageContents } = node;
  const parent = parentImage(node);
  const document = componentDocument(imageContents);
  const digest = createHash("sha256")
    .update(JSON.stringify([description, parent, diskGiB, document]))
    .digest("hex")
    .slice(0, 12);
  return { description, parentImage: parent, diskGiB, document, bundle: imageContents.bundle, digest };
}

/** Contents of an AMI, and where it is built: on the first instance type of its node that AWS has capacity for. */
export interface BakedImageProps {
  /** Cluster whose instances start from the AMI. */
  readonly cluster: ResolvedCluster;
  /** Node whose instance types the build uses. */
  readonly node: NodePlan;
  /** Contents of the AMI. */
  readonly contents: AmiContents;
  /** Key that encrypts the AMI. */
  readonly key: EncryptionKey;
  /** Bucket of the archive. */
  readonly artifacts: ArtifactBucket;
  /** Subnet, security group and role of the build. */
  readonly builder: ImageBuilder;
}

/**
 * AMI with packages, conda, Python environment and GPU driver. EC2 Image Builder builds it during the deployment, which
 * waits up to two hours: the deadline of a node's boot, and time to start an instance and to create a snapshot. Changed
 * contents build another AMI. To build it again from the newest base image, run `terraform apply -replace` with the
 * address of its `Resource`. AMIs that are built manually by the pipeline are not used.
 *
 * Terraform does not delete AMIs and snapshots that are no longer used. They have the tags `dask:cluster`,
 * `dask:release` and `dask:bake-key`. They are encrypted by the cluster's key, so they can be copied under another key
 * until 30 days after the cluster is destroyed.
 */
export class BakedImage extends Construct {
  /** Id of the AMI. */
  readonly amiId: string;

  constructor(scope: Construct, id: string, props: BakedImageProps) {
    super(scope, id);
    const { cluster, node, contents, key, artifacts, builder } = props;
    const { description } = contents;
    const encrypted = { kmsKeyId: key.arn };
    const name = resourceName(cluster, contents.digest);

    const { object } = new BundleObject(this, "bundle", { bundle: contents.bundle, bucket: artifacts, key });
    const component = new ImagebuilderComponent(this, "component", {
      name,
      description,
      version: VERSION,
      ...encrypted,
      ...CREATE_BEFORE_DESTROY,
      platform: "Linux",
      data: escapeTerraform(contents.document),
    });
    const recipe = new ImagebuilderImageRecipe(this, "recipe", {
      name,
      description,
      version: VERSION,
      parentImage: contents.parentImage,
      ...CREATE_BEFORE_DESTROY,
      blockDeviceMapping: [
        {
          deviceName: ROOT_DEVICE,
          ebs: {
            volumeType: "gp3",
            volumeSize: contents.diskGiB,
            encrypted: "true",
            ...encrypted,
            deleteOnTermination: "true",
          },
        },
      ],
      component: [{ componentArn: component.arn }],
    });
    const infrastructure = new ImagebuilderInfrastructureConfiguration(this, "infrastructure", {
      name,
      description,
      ...CREATE_BEFORE_DESTROY,
      instanceTypes: [...node.instanceTypes],
      instanceProfileName: builder.role.instanceProfile.name,
      subnetId: builder.subnetId,
      securityGroupIds: [builder.securityGroupId],
      instanceMetadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
      terminateInstanceOnFailure: true,
      // Image Builder rejects the key Name here (API Reference, ResourceTagMap).
      resourceTags: { "dask:cluster": cluster.name },
    });
    const distribution = new ImagebuilderDistributionConfiguration(this, "distribution", {
      name,
      description,
      ...CREATE_BEFORE_DESTROY,
      distribution: [
        {
          region: cluster.region,
          amiDistributionConfiguration: {
            name: `${name}-{{ imagebuilder:buildDate }}`,
            description,
            ...encrypted,
            amiTags: {
              "dask:cluster": cluster.name,
              "dask:release": cluster.release.name,
              "dask:bake-key": node.imageContents.digest,
            },
          },
        },
      ],
    });
    const made = {
      imageRecipeArn: recipe.arn,
      infrastructureConfigurationArn: infrastructure.arn,
      distributionConfigurationArn: distribution.arn,
      ...BUILD_ONLY,
    };
    new ImagebuilderImagePipeline(this, "pipeline", { name, description, ...made, ...CREATE_BEFORE_DESTROY });
    const logs = new LogGroup(this, "logs", { cluster, key, name: buildLogGroup(name) });
    const image = new ImagebuilderImage(this, "Resource", {
      ...made,
      ...CREATE_BEFORE_DESTROY,
      timeouts: { create: "120m" },
      dependsOn: [...builder.dependencies, logs.group, object],
    });
    builder.role.addDependent(image);
    this.amiId = image.outputResources.get(0).amis.get(0).image;
  }
}

/** Escapes `${` and `%{`, which Terraform would read as templates. */
function escapeTerraform(text: string): string {
  return text.replaceAll(/[$%](?=\{)/g, "$&$&");
}
