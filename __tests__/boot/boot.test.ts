import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pytest } from "../support/pytest";
import { INSTALL_TIMEOUT, mockAws } from "../support/python-environment";

/** Time for all machines of the suite to boot. */
const BOOT_TIMEOUT = 30 * 60_000;

/** Why machines cannot be booted here, and what to do about it. */
const { status, stdout: missing } = spawnSync("python3", [join(__dirname, "rig", "requirements.py")], {
  encoding: "utf8",
  timeout: 60_000,
});
const bootable = status === 0;
if (!bootable) console.warn(`no machine is booted: ${missing}then: npm run test:boot`);

// In CI a machine that could be made to boot them has to.
(bootable || process.env.CI ? test : test.skip)(
  "machines boot from their user data into a cluster, and say why where they do not (pytest)",
  async () => expect(await pytest(__dirname, mockAws, BOOT_TIMEOUT)).toBe(126),
  INSTALL_TIMEOUT + BOOT_TIMEOUT,
);
