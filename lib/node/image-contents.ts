import { createHash } from "node:crypto";
import { BOOT_SECONDS } from "./lifecycle";
import { ENVIRONMENT, environmentFile, LIBRARY, NODE_LOG, stepScript } from "./node-files";
import type { NodeFile, NodePlan } from "./node-plan";
import { setupScript } from "./setup-scripts";

/** Settings that decide what an image contains. */
const SETTINGS: readonly string[] = [
  ...["BAKE", "BAKE_SETUP", "PACKAGES", "DASK", "PYTHON", "MINIFORGE_URL", "MINIFORGE_SHA256"],
  ...["DRIVER_BRANCH", "NVSWITCH", "CUDA_PACKAGE"],
];

/** Files that the steps of an image read, in addition to their scripts. */
const FILES: readonly string[] = ["functions.sh", "nvidia-persistenced.conf", "requirements.txt", "uv.txt"];

/** Scripts that run the steps. They are in an image, but a change of them does not require another image. */
const RUNNER: readonly string[] = ["bootstrap.sh", "instance.sh"];

/** File in which `cloud-init/base/bootstrap.sh` writes the digest of the image contents. */
const STAMP_FILE = "/var/lib/dask-node/baked";

/** Part of a node that an image can contain: packages, conda, the Python environment and the GPU driver. */
export interface ImageContents {
  /** Hexadecimal digest of everything that decides the contents: equal for nodes that can share an image. */
  readonly digest: string;
  /** Files that the build instance of the image needs. */
  readonly files: readonly NodeFile[];
  /** Shell command that installs the contents, to run as root. Its exit code is not 0 if a step fails. */
  readonly command: string;
  /** File that contains the digest after the command. */
  readonly stampFile: string;
}

/** Fields of a plan that decide the contents of its image. */
type Contents = Pick<NodePlan, "bake" | "bakeSetup" | "settings" | "files">;

/** Returns what an image for a node contains, and how to install it. */
export function imageContents({ bake, bakeSetup, settings, files }: Contents): ImageContents {
  const read = FILES.map((name) => `${LIBRARY}/${name}`);
  const paths = [...read, ...[...bake.flat(), ...bakeSetup].map(stepScript), ...bakeSetup.map(setupScript)];
  const runner = RUNNER.map((name) => `${LIBRARY}/${name}`);
  const decisive = {
    settings: Object.fromEntries(Object.entries(settings).filter(([name]) => SETTINGS.includes(name))),
    files: files.filter(({ path }) => paths.includes(path)),
  };
  const digest = digestOf(decisive);
  return {
    digest,
    files: [
      environmentFile(ENVIRONMENT, {
        ...decisive.settings,
        BAKE_KEY: digest,
        BOOT_SECONDS: String(BOOT_SECONDS),
      }),
      ...files.filter(({ path }) => runner.includes(path)),
      ...decisive.files,
    ],
    // Instances that start from one image would otherwise share its machine ID and its log.
    command: `${LIBRARY}/bootstrap.sh bake && rm ${NODE_LOG} && : >/etc/machine-id`,
    stampFile: STAMP_FILE,
  };
}

/** Short, because it has no security purpose. */
function digestOf(value: object): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}
