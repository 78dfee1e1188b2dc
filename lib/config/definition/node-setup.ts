/**
 * Scripts of yours that set up nodes on AWS: files of your project, with a path relative to the working directory of the
 * synthesis. Each is a text of at most 10,000 bytes that begins with `#!`. It runs as root, with the settings of
 * `/etc/dask/node.env` as variables and `/opt/dask/env/bin` first in `PATH`. A script that fails fails the boot of its node, or
 * the build of its AMI, with its last line as the cause. The local stack runs none.
 */
export interface NodeSetupDefinition {
  /**
   * Script whose result a baked AMI contains, such as an installation of packages. It runs after all other steps of the
   * installation: once when the AMI is baked, without `bakedImages` once on each node.
   *
   * @default - none
   */
  readonly bake?: string;
  /**
   * Script that runs at each boot before the Dask service starts, such as a mount of a file system.
   *
   * @default - none
   */
  readonly boot?: string;
}
