import { createHash } from "node:crypto";
import { ImagebuilderComponent } from "@cdktf/provider-aws/lib/imagebuilder-component";
import { ImagebuilderDistributionConfiguration } from "@cdktf/provider-aws/lib/imagebuilder-distribution-configuration";
import { ImagebuilderImage } from "@cdktf/provider-aws/lib/imagebuilder-image";
import { ImagebuilderImagePipeline } from "@cdktf/provider-aws/lib/imagebuilder-image-pipeline";
import { ImagebuilderImageRecipe } from "@cdktf/provider-aws/lib/imagebuilder-image-recipe";
import { ImagebuilderInfrastructureConfiguration } from "@cdktf/provider-aws/lib/imagebuilder-infrastructure-configuration";
import { Construct } from "constructs";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { resourceName } from "../../node/names";
import type { NodePlan } from "../../node/node-plan";
import type { EncryptionKey } from "../encryption/encryption-key";
import { LogGroup } from "../encryption/log-group";
import { buildLogGroup } from "../encryption/log-names";
import { parentImage, ROOT_DEVICE } from "./base-image";
import { componentDocuments } from "./component-documents";
import type { ImageBuilder } from "./image-builder";

/** Each change has a name of its own, so there is never a second version. */
const VERSION = "1.0.0";

/** What is named anew with each change is there before the old one goes, as machines still start from that. */
const CREATE_BEFORE_DESTROY = { lifecycle: { createBeforeDestroy: true } };

/**
 * Nothing is left to test: the build ends with a look at what it made. And no inventory is taken, for which the builder
 * would need more permissions: the release's lock says what is in the image.
 */
const BUILD_ONLY = {
  imageTestsConfiguration: { imageTestsEnabled: false },
  enhancedImageMetadataEnabled: false,
};

/** Contents of an AMI: equal contents make one AMI. */
export interface AmiContents {
  /** Cluster whose instances start from the AMI. */
  readonly cluster: ResolvedCluster;
  /** Node that is installed in the AMI as far as an image can contain it, on the image of its plan. */
  readonly node: NodePlan;
  /** Size of the root volume in GiB: an instance that starts from the AMI needs at least the same. */
  readonly diskGiB: number;
}

/** Decides what an AMI contains, and how it is built: on an instance type of its node that AWS has capacity for. */
export interface BakedImageProps extends AmiContents {
  /** `amiDigest` of the contents: the id of the construct, and part of its names in AWS. */
  readonly digest: string;
  /** Key that encrypts the AMI. */
  readonly key: EncryptionKey;
  /** Where it is built. */
  readonly builder: ImageBuilder;
}

/**
 * An AMI with packages, conda, locked environment and driver, made by EC2 Image Builder in the course of a deployment,
 * which waits two hours for it at most: a machine's own deadline, and time for AWS to start a builder and take a
 * snapshot. Where what it holds changes, another is made before machines start from it. To make it anew from the newest
 * base image, run `terraform apply -replace` with the address of its `Resource`. The pipeline makes further ones by
 * hand, from which no machine starts.
 *
 * Terraform forgets AMIs and snapshots that are no longer needed, and leaves them; they bear the tags `dask:cluster`,
 * `dask:release` and `dask:bake-key`. They are encrypted under the cluster's key, so they last as long as that, and 30
 * days, in which one may copy them under another.
 *
 * @throws Error for a file that no component of Image Builder can hold
 */
export class BakedImage extends Construct {
  /** Id of the AMI. */
  readonly amiId: string;

  constructor(scope: Construct, id: string, props: BakedImageProps) {
    super(scope, id);
    const { cluster, node, digest, key, diskGiB, builder } = props;
    const encrypted = { kmsKeyId: key.arn };
    const description = descriptionOf(cluster);
    const documents = componentDocuments(node.imageContents);
    const name = resourceName(cluster, digest);

    const recipe = new ImagebuilderImageRecipe(this, "recipe", {
      name,
      description,
      version: VERSION,
      parentImage: parentImage(node.image),
      ...CREATE_BEFORE_DESTROY,
      blockDeviceMapping: [
        {
          deviceName: ROOT_DEVICE,
          ebs: {
            volumeType: "gp3",
            volumeSize: diskGiB,
            encrypted: "true",
            ...encrypted,
            deleteOnTermination: "true",
          },
        },
      ],
      component: documents.map((data, index) => ({
        componentArn: new ImagebuilderComponent(this, `component-${index + 1}`, {
          name: `${name}-${index + 1}`,
          description,
          version: VERSION,
          ...encrypted,
          ...CREATE_BEFORE_DESTROY,
          platform: "Linux",
          data: escapeTerraform(data),
        }).arn,
      })),
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
      // Image Builder names its instances: it rejects the key Name here (API Reference, ResourceTagMap).
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
      dependsOn: [...builder.dependencies, logs.group],
    });
    builder.role.addDependent(image);
    this.amiId = image.outputResources.get(0).amis.get(0).image;
  }
}

/** A text as Terraform reads it back, which would else take `${` and `%{` for templates. */
function escapeTerraform(text: string): string {
  return text.replaceAll(/[$%](?=\{)/g, "$&$&");
}

/**
 * Returns the digest of an AMI's contents: part of its names in AWS, and the id of its construct. So one name is always
 * at one address of Terraform, whichever pools use the AMI.
 */
export function amiDigest({ cluster, node, diskGiB }: AmiContents): string {
  const { image, imageContents } = node;
  const contents = [descriptionOf(cluster), parentImage(image), diskGiB, componentDocuments(imageContents)];
  return createHash("sha256").update(JSON.stringify(contents)).digest("hex").slice(0, 12);
}

function descriptionOf({ name, release }: ResolvedCluster): string {
  return `machines of the Dask cluster ${name}, release ${release.name}`;
}
