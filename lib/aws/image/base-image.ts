import type { Image } from "../../config/definition";

/** SSM parameters with the ids of the newest AMIs of Canonical and AWS. */
const PARAMETERS = {
  ubuntu: "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
  "deep-learning":
    "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
} as const;

/** Root device of all images: the AMIs of Ubuntu, the Deep Learning AMI on Ubuntu, and baked AMIs. */
export const ROOT_DEVICE = "/dev/sda1";

/** Image that is an AMI by its id. */
type PinnedImage = Extract<Image, { amiId: string }>;

/** Returns whether an image is an AMI by its id, not the newest of a parameter. */
export function isPinned(image: Image): image is PinnedImage {
  return typeof image === "object" && "amiId" in image;
}

/** Returns the SSM parameter with the id of an image's newest AMI. */
export function imageParameter(image: Exclude<Image, PinnedImage>): string {
  return typeof image === "string" ? PARAMETERS[image] : image.ssmParameter;
}

/**
 * Returns an image in the form of launch templates: the id of an AMI, or `resolve:ssm:` and a parameter that EC2 reads
 * at each launch. If Terraform read the parameter, each release of the AMI would change the template and replace all
 * instances. So new instances start from newer AMIs of a parameter; with the id of an AMI, all instances are equal.
 */
export function launchImage(image: Image): string {
  return isPinned(image) ? image.amiId : `resolve:ssm:${imageParameter(image)}`;
}

/**
 * Returns an image in the form of Image Builder recipes: the id of an AMI, or `ssm:` and a parameter that Image Builder
 * reads for each build.
 */
export function parentImage(image: Image): string {
  return isPinned(image) ? image.amiId : `ssm:${imageParameter(image)}`;
}
