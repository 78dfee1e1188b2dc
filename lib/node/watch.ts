import { HEARTBEAT_SECONDS, SPOT_DRAIN_SECONDS, TERMINATION_HOOK } from "./lifecycle";
import { copy, text, UNITS } from "./node-files";
import type { NodeFeature } from "./node-plan";
import type { Service } from "./service";
import { systemdUnit } from "./systemd-unit";

/** Unit that waits for the end of the instance, as the events of the node's log stream name it. */
export const WATCH_UNIT = "dask-watch.service";

/** Beginning of the line that it logs on EC2's interruption notice (`cdktf_dask.node.watch`). */
export const SPOT_NOTICE = "EC2 interrupts this instance: ";

/** Seconds for the drain's command to end after its deadline, with a process that starts slowly. */
const MARGIN_SECONDS = 30;

/**
 * Drains the workers before their instance ends, however it ends: a service that a drop-in starts with theirs, and the unit of
 * the drain, which runs as the user of the workers and with their environment and sandbox.
 *
 * @param seconds time of a planned drain
 * @param drain returns the command line of a drain with a deadline in seconds
 */
export function watchFeature(
  service: Service,
  seconds: number,
  drain: (seconds: string) => readonly string[],
): NodeFeature {
  const unit = {
    ...service,
    name: "dask-drain",
    description: `Drain of the ${service.description}`,
    argv: drain("${DRAIN_SECONDS}"),
  };
  return {
    packages: [],
    steps: [],
    settings: {
      TERMINATION_HOOK,
      DRAIN_SECONDS: String(seconds),
      SPOT_DRAIN_SECONDS: String(SPOT_DRAIN_SECONDS),
      HEARTBEAT_SECONDS: String(HEARTBEAT_SECONDS),
    },
    files: [
      copy(`dask/${WATCH_UNIT}`, UNITS),
      copy("dask/dask-watch.conf", `${UNITS}/${service.name}.service.d`),
      text(
        `${UNITS}/${unit.name}.service`,
        systemdUnit(unit, { START_SECONDS: String(seconds + MARGIN_SECONDS) }),
      ),
      copy("dask/sandbox.conf", `${UNITS}/${unit.name}.service.d`),
    ],
  };
}
