/**
 * User scripts that set up nodes on AWS: paths of files, relative to the working directory of the synthesis. A script has at
 * most 100,000 bytes and begins with `#!`. It runs as root, with the settings of `/etc/dask/node.env` as environment variables
 * and `/opt/dask/env/bin` first in `PATH`. Exit code 194 requests a reboot, after which it runs again. With any
 * other code but 0, the boot of the node or the build of the AMI fails with the last line of its output as the reason. The
 * local stack does not run scripts.
 */
export interface NodeSetupDefinition {
  /**
   * Script whose result a baked AMI contains, such as an installation of packages. It runs after all other
   * installation steps: once when the AMI is baked; without `bakedImages`, once on each node.
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
