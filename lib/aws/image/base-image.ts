import type { Image } from "../../config/definition";

/** Where Canonical and AWS publish the id of their newest AMI. */
const PARAMETERS = {
  ubuntu: "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
  "deep-learning":
    "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
} as const;

/** Root device of Ubuntu's AMIs, and so of the Deep Learning AMI on Ubuntu and of what is baked from either. */
export const ROOT_DEVICE = "/dev/sda1";

/** An AMI named by its id. */
type PinnedImage = Extract<Image, { amiId: string }>;

/** Whether an image is the same one for ever, and not whatever was published last. */
export function isPinned(image: Image): image is PinnedImage {
  return typeof image === "object" && "amiId" in image;
}

/** The SSM parameter that holds the id of a published image's newest AMI. */
export function imageParameter(image: Exclude<Image, PinnedImage>): string {
  return typeof image === "string" ? PARAMETERS[image] : image.ssmParameter;
}

/**
 * An image in the form that a launch template takes: an AMI's id, or `resolve:ssm:` and a parameter that EC2 reads
 * at each launch. Read by Terraform instead, the parameter would change the template with every release of the AMI,
 * and an unrelated deployment would roll the pool. So a published image brings its updates to new machines only; a
 * pinned one makes every machine the same.
 */
export function launchImage(image: Image): string {
  return isPinned(image) ? image.amiId : `resolve:ssm:${imageParameter(image)}`;
}

/**
 * An image in the form that an Image Builder recipe takes: an AMI's id, or `ssm:` and a parameter that Image Builder
 * reads for each build.
 */
export function parentImage(image: Image): string {
  return isPinned(image) ? image.amiId : `ssm:${imageParameter(image)}`;
}
