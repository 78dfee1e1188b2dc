import type { Architecture, Image } from "../../config/definition";
import type { NodePlan } from "../../node/node-plan";

/** SSM parameters with the ids of the newest AMIs of Canonical. */
const UBUNTU: Readonly<Record<Architecture, string>> = {
  x86_64: "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
  arm64: "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id",
};

/** SSM parameter with the id of the newest Deep Learning AMI, which only x86_64 nodes have (rule `imageForArchitecture`). */
const DEEP_LEARNING =
  "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id";

/** Root device of all images: the AMIs of Ubuntu, the Deep Learning AMI on Ubuntu, and baked AMIs. */
export const ROOT_DEVICE = "/dev/sda1";

/** Image and architecture of a node. */
type ImageOfNode = Pick<NodePlan, "image" | "architecture">;

/** Image that is an AMI by its id. */
type PinnedImage = Extract<Image, { amiId: string }>;

/** Returns whether an image is an AMI by its id, not the newest of a parameter. */
export function isPinned(image: Image): image is PinnedImage {
  return typeof image === "object" && "amiId" in image;
}

/** Returns the SSM parameter with the id of an image's newest AMI. */
export function imageParameter(image: Exclude<Image, PinnedImage>, architecture: Architecture): string {
  if (typeof image === "object") return image.ssmParameter;
  return image === "ubuntu" ? UBUNTU[architecture] : DEEP_LEARNING;
}

/**
 * Returns the image of a node in the form of launch templates: the id of an AMI, or `resolve:ssm:` and a parameter that EC2
 * reads at each launch. If Terraform read the parameter, each release of the AMI would change the template and replace all
 * instances. So new instances start from newer AMIs of a parameter; with the id of an AMI, all instances are equal.
 */
export function launchImage({ image, architecture }: ImageOfNode): string {
  return isPinned(image) ? image.amiId : `resolve:ssm:${imageParameter(image, architecture)}`;
}

/**
 * Returns the image of a node in the form of Image Builder recipes: the id of an AMI, or `ssm:` and a parameter that Image
 * Builder reads for each build.
 */
export function parentImage({ image, architecture }: ImageOfNode): string {
  return isPinned(image) ? image.amiId : `ssm:${imageParameter(image, architecture)}`;
}
