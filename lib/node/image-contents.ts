import { createHash } from "node:crypto";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { type Bundle, bundleOf } from "./bundle";
import { BOOT_SECONDS, RETRY_SECONDS } from "./lifecycle";
import { ENVIRONMENT, environmentFile, LIBRARY, NODE_LOG, stepScript } from "./node-files";
import type { NodeFile, NodePlan } from "./node-plan";
import { setupScript } from "./setup-scripts";
import { imageStub } from "./stub";

/** Settings that decide what an image contains. */
const SETTINGS: readonly string[] = [
  ...["BAKE", "BAKE_SETUP", "PACKAGES", "DASK", "PYTHON", "MINIFORGE_URL", "MINIFORGE_SHA256"],
  ...["INDEX_URL", "EXTRA_INDEX_URLS", "INDEX_SECRET"],
  ...["DRIVER_BRANCH", "NVSWITCH", "CUDA_PACKAGE"],
];

/** Files that the steps of an image read, in addition to their scripts. */
const FILES: readonly string[] = ["functions.sh", "nvidia-persistenced.conf", "requirements.txt", "uv.txt"];

/** Script that runs the steps. It is in an image, but a change of it does not require another image. */
const RUNNER = `${LIBRARY}/bootstrap.sh`;

/** File in which `cloud-init/base/bootstrap.sh` writes the digest of the image contents. */
const STAMP_FILE = "/var/lib/dask-node/baked";

/** File in which `cloud-init/base/fetch-bundle.sh` writes the checksum of the bundle that it has unpacked. */
const BUNDLE_FILE = "/var/lib/dask-node/bundle";

/** Part of a node that an image can contain: packages, conda, the Python environment and the GPU driver. */
export interface ImageContents {
  /** Hexadecimal digest of everything that decides the contents: equal for nodes that can share an image. */
  readonly digest: string;
  /** Settings, scripts and lockfile. */
  readonly files: readonly NodeFile[];
  /** Archive with these files and the wheels of the user, which the build instance downloads. */
  readonly bundle: Bundle;
  /** Files that the build instance gets first: they download the bundle. */
  readonly stub: readonly NodeFile[];
  /**
   * Shell command that downloads the bundle and installs the contents, to run as root. Its exit code is not 0 if a step
   * fails.
   */
  readonly command: string;
  /** File that contains the digest after the command. */
  readonly stampFile: string;
}

/** Fields of a plan that decide the contents of its image. */
type Contents = Pick<NodePlan, "bake" | "bakeSetup" | "settings" | "files" | "wheels">;

/** Returns what an image for a node contains, and how to install it. */
export function imageContents(
  cluster: ResolvedCluster,
  { bake, bakeSetup, settings, files, wheels }: Contents,
): ImageContents {
  const read = FILES.map((name) => `${LIBRARY}/${name}`);
  const paths = [...read, ...[...bake.flat(), ...bakeSetup].map(stepScript), ...bakeSetup.map(setupScript)];
  const decisive = {
    settings: Object.fromEntries(Object.entries(settings).filter(([name]) => SETTINGS.includes(name))),
    files: files.filter(({ path }) => paths.includes(path)),
  };
  const digest = digestOf(decisive);
  const environment = {
    ...decisive.settings,
    BAKE_KEY: digest,
    BOOT_SECONDS: String(BOOT_SECONDS),
    RETRY_SECONDS: String(RETRY_SECONDS),
  };
  const contained = [
    environmentFile(ENVIRONMENT, environment),
    ...files.filter(({ path }) => path === RUNNER),
    ...decisive.files,
  ];
  const bundle = bundleOf(contained, wheels);
  return {
    digest,
    files: contained,
    bundle,
    stub: imageStub(cluster, bundle),
    // Instances that start from one image would otherwise share its machine ID, its log, and the checksum of its bundle.
    command: `${LIBRARY}/fetch-bundle.sh bake && rm ${NODE_LOG} ${BUNDLE_FILE} && : >/etc/machine-id`,
    stampFile: STAMP_FILE,
  };
}

/** Short, because it has no security purpose. */
function digestOf(value: object): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 12);
}
