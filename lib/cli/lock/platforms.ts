import type { LockRequest } from "../../node/packages/lock-request";
import type { LockKind } from "../../node/packages/lockfile";
import type { NodePlatform } from "../../node/packages/wheel";
import { CommandError } from "../error";
import { reasonOf, sentence } from "./messages";
import type { Workspace } from "./resolution";

/** Oldest C library of the nodes, in the notation of uv. Ubuntu 22.04 has 2.35; wheels are built for 2.28 and older. */
const LIBC = "manylinux_2_28";

/**
 * Checks that each package of the lockfiles has a wheel for the nodes. GPU nodes are x86_64.
 *
 * @throws CommandError with package and platform
 */
export async function checkPlatforms(
  workspace: Workspace,
  { cluster, platforms }: LockRequest,
  lockfiles: ReadonlyMap<LockKind, string>,
): Promise<void> {
  for (const [kind, text] of lockfiles)
    for (const platform of platforms) {
      if (kind === "gpu" && platform.machine !== "x86_64") continue;
      const checked = await workspace.check(text, `${platform.machine}-${LIBC}`, platform.python);
      if (!checked.succeeded)
        throw new CommandError(`${cluster}: ${withoutWheel(checked.messages, platform)}`);
    }
}

function withoutWheel(messages: string, { machine, python }: NodePlatform): string {
  const nodes = `nodes with Python ${python} on Linux ${machine}`;
  const reason = reasonOf(messages);
  if (reason?.kind !== "no wheel") return `no wheels for ${nodes}: ${sentence(messages)}`;
  const only = reason.wheels === undefined ? "" : `, only ${reason.wheels}`;
  return `${reason.package} has no wheel for ${nodes}${only}. Hint: choose another version, or add a wheel of it to environment.wheels`;
}
