import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Commands, and the packages of Debian and Ubuntu that have them. */
const COMMANDS = {
  mmdebstrap: "mmdebstrap",
  slirp4netns: "slirp4netns",
  unshare: "util-linux",
  nsenter: "util-linux",
  ip: "iproute2",
  "mkfs.ext4": "e2fsprogs",
};

/** Returns why this computer cannot run the engine, and what to do; undefined if it can. */
export function missing(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "a Docker Engine in namespaces requires Linux and root. Hint: run it as root";
  const device = ["/dev/net/tun", "/dev/loop-control"].find((path) => !existsSync(path));
  if (device !== undefined)
    return `${device} is missing. Hint: use a kernel that has it, for example in a virtual machine`;
  const absent = Object.entries(COMMANDS).filter(
    ([command]) => spawnSync("sh", ["-c", `command -v ${command}`]).status !== 0,
  );
  if (absent.length === 0) return undefined;
  const packages = [...new Set(absent.map(([, name]) => name))].join(" ");
  return `commands are missing. Hint: apt-get install --no-install-recommends ${packages}`;
}
