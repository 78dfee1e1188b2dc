import { launchImage, parentImage } from "../../../lib/aws/image/base-image";

test.each([
  [
    "ubuntu",
    "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
  ],
  [
    "deep-learning",
    "resolve:ssm:/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id",
  ],
  [{ ssmParameter: "/images/dask" }, "resolve:ssm:/images/dask"],
  [{ amiId: "ami-0123456789abcdef0" }, "ami-0123456789abcdef0"],
] as const)("the image %j is launched as %s", (image, launched) => {
  expect(launchImage(image)).toBe(launched);
});

test.each([
  ["ubuntu", "ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"],
  [{ ssmParameter: "/imagebuilder/base" }, "ssm:/imagebuilder/base"],
  [{ amiId: "ami-0123456789abcdef0" }, "ami-0123456789abcdef0"],
] as const)("an image is baked from the image %j as %s", (image, parent) => {
  expect(parentImage(image)).toBe(parent);
});
