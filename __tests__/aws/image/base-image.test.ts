import { launchImage, parentImage } from "../../../lib/aws/image/base-image";

test.each([
  [
    "ubuntu",
    "x86_64",
    "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
  ],
  [
    "ubuntu",
    "arm64",
    "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id",
  ],
  [
    "deep-learning",
    "x86_64",
    "resolve:ssm:/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
  ],
  [{ ssmParameter: "/images/dask" }, "arm64", "resolve:ssm:/images/dask"],
  [{ amiId: "ami-0123456789abcdef0" }, "arm64", "ami-0123456789abcdef0"],
] as const)("the image %j of a node for %s is launched as %s", (image, architecture, launched) => {
  expect(launchImage({ image, architecture })).toBe(launched);
});

test.each([
  [
    "ubuntu",
    "x86_64",
    "ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
  ],
  [
    "ubuntu",
    "arm64",
    "ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id",
  ],
  [{ ssmParameter: "/imagebuilder/base" }, "x86_64", "ssm:/imagebuilder/base"],
  [{ amiId: "ami-0123456789abcdef0" }, "x86_64", "ami-0123456789abcdef0"],
] as const)("an image is baked from the image %j for %s as %s", (image, architecture, parent) => {
  expect(parentImage({ image, architecture })).toBe(parent);
});
