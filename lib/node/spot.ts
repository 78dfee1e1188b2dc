import { copy, UNITS } from "./node-files";
import type { NodeFeature } from "./node-plan";
import type { Service } from "./service";

/** Unit that waits for EC2's interruption notice, as the events of the node's log stream name it. */
export const SPOT_UNIT = "dask-spot.service";

/** Beginning of the line that it logs on the notice (`cdktf_dask.node.spot`). */
export const SPOT_NOTICE = "EC2 interrupts this instance: ";

/**
 * Drains the workers of a spot instance on EC2's interruption notice: a service that a drop-in starts with theirs. On an
 * on-demand instance of the same pool it ends at once.
 */
export function spotFeature(service: Service): NodeFeature {
  return {
    packages: [],
    steps: [],
    settings: {},
    files: [
      copy(`dask/${SPOT_UNIT}`, UNITS),
      copy("dask/dask-spot.conf", `${UNITS}/${service.name}.service.d`),
    ],
  };
}
