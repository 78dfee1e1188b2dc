import { copy, UNITS } from "./node-files";
import type { NodeFeature } from "./node-plan";
import type { Service } from "./service";

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
      copy("dask/dask-spot.service", UNITS),
      copy("dask/dask-spot.conf", `${UNITS}/${service.name}.service.d`),
    ],
  };
}
