import { createHash } from "node:crypto";
import { ENVIRONMENT, environmentFile, LIBRARY, NODE_LOG, text } from "./node-files";
import type { NodeFile, NodePlan } from "./node-plan";

/** Settings that what is baked depends on. */
const SETTINGS: readonly string[] = [
  ...["BAKE", "PACKAGES", "DASK", "PYTHON", "LOCK_SHA256", "MINIFORGE_URL", "MINIFORGE_SHA256"],
  ...["DRIVER_BRANCH", "NVSWITCH", "CUDA_PACKAGE"],
];

/** Files that baking reads, besides the scripts of its phases. */
const FILES: readonly string[] = ["functions", "nvidia-persistenced.conf", "uv.txt"];

/** Where a machine notes what it was baked for. */
const MARK = "/var/lib/dask-node/baked";

/** The half of a machine that an image can hold: packages, conda, the locked environment, the GPU's driver. */
export interface Bake {
  /** Hexadecimal digest of all that decides what is baked: equal for machines that can share an image. */
  readonly key: string;
  /** What has to be on the machine that the image is made from. */
  readonly files: readonly NodeFile[];
  /** What a shell runs there as root; its exit code is not 0 where something fails. */
  readonly command: string;
  /** File in which the machine then finds the key. */
  readonly mark: string;
}

/** What an image for a machine has to hold. */
export function bake(spec: NodePlan): Bake {
  const { BAKE_KEY: key = "", BOOT_SECONDS = "" } = spec.settings;
  const { settings, files } = baked(spec);
  const runner = ["bootstrap", "instance"].map((name) => `${LIBRARY}/${name}`);
  return {
    key,
    files: [
      environmentFile(ENVIRONMENT, { ...settings, BAKE_KEY: key, BOOT_SECONDS }),
      ...spec.files.filter(({ path }) => runner.includes(path)),
      ...files,
      text(`${LIBRARY}/lock.txt`, spec.lockfile.content),
    ],
    // Machines that start from one image would else share its identity, and its past.
    command: `${LIBRARY}/bootstrap bake && rm ${NODE_LOG} && : >/etc/machine-id`,
    mark: MARK,
  };
}

/** Digest of all that decides what is baked; short, as it is no secret and no defence. */
export function bakeKey(spec: Omit<NodePlan, "boot">): string {
  return createHash("sha256")
    .update(JSON.stringify(baked(spec)))
    .digest("hex")
    .slice(0, 12);
}

function baked(spec: Omit<NodePlan, "boot">) {
  const paths = [...FILES, ...spec.bake.flat()].map((name) => `${LIBRARY}/${name}`);
  return {
    settings: Object.fromEntries(Object.entries(spec.settings).filter(([name]) => SETTINGS.includes(name))),
    files: spec.files.filter(({ path }) => paths.includes(path)),
  };
}
