import { PORTS } from "../config/ports";
import type { ResolvedCluster } from "../config/resolved-cluster";
import { bundleOf } from "./bundle";
import { cudaSettings, cudaSteps } from "./cuda";
import { daskConfig } from "./dask-config";
import { environmentFiles, indexSettings, wheelFiles } from "./environment";
import { imageContents } from "./image-contents";
import { BOOT_SECONDS, RETRY_SECONDS } from "./lifecycle";
import { logsFeature } from "./logs";
import { exactPython, MINIFORGE } from "./miniforge";
import { copy, ENVIRONMENT, environmentFile, LIBRARY, script, text, UNITS } from "./node-files";
import type { BootStep, NodeFeature, NodeFile, NodePlan } from "./node-plan";
import { packageFile } from "./package-file";
import type { Packages } from "./packages/read-packages";
import { pythonFiles } from "./python-files";
import type { ServiceContext } from "./service";
import type { NodeSetup } from "./setup-scripts";
import { stubFiles } from "./stub";
import { renderTemplate } from "./template";
import { variablesFeatures } from "./variables";

/** Script of each step that every node may have, below `cloud-init/`; a feature brings those of its steps. */
const SCRIPTS: Readonly<Partial<Record<BootStep, string>>> = {
  base: "base/base.sh",
  conda: "conda/conda.sh",
  "cuda-nvidia": "cuda-nvidia/cuda-nvidia.sh",
  "cuda-toolkit": "cuda-nvidia/cuda-toolkit.sh",
  configuration: "dask/configuration.sh",
  dask: "dask/dask.sh",
};

/** What distinguishes a node from the other nodes of its cluster. */
export interface NodeOptions
  extends Omit<NodePlan, "bake" | "bakeSetup" | "boot" | "stub" | "bundle" | "imageContents" | "wheels"> {
  /** Whether the node has a GPU. */
  readonly gpu: boolean;
  /** Maximum that one worker process may spill; `false` for no limit. */
  readonly spillLimit: string | false;
  /** Features that some nodes have. */
  readonly features: readonly NodeFeature[];
  /** Packages of the Python environment. */
  readonly python: Packages;
  /** Scripts of the user. */
  readonly setup: NodeSetup;
}

/** Completes the plan of a node with what all nodes have. `packages`, `settings` and `files` are added to. */
export function buildNode(
  cluster: ResolvedCluster,
  context: ServiceContext,
  { gpu, spillLimit, features: some, python, setup, ...options }: NodeOptions,
): NodePlan {
  const { release } = cluster;
  const features = [...some, ...variablesFeatures(options.service), logsFeature(cluster, options)];
  const miniforge = MINIFORGE[options.architecture];
  // Packages come one after the other; conda needs no package manager.
  const bake: readonly (readonly BootStep[])[] = [
    ["base", ...(gpu ? cudaSteps(release.cuda) : [])],
    ["conda"],
  ];
  const boot: readonly BootStep[] = [
    "configuration",
    ...features.flatMap(({ steps }) => steps),
    ...setup.boot,
    "dask",
    ...features.flatMap(({ lastSteps = [] }) => lastSteps),
  ];
  const packages = [
    ...["ca-certificates", "curl", ...options.packages],
    ...features.flatMap((feature) => feature.packages),
  ];
  const settings = {
    BAKE: bake.map((group) => group.join(",")).join(" "),
    BAKE_SETUP: setup.bake.join(","),
    BOOT: boot.join(","),
    BOOT_SECONDS: String(BOOT_SECONDS),
    RETRY_SECONDS: String(RETRY_SECONDS),
    PACKAGES: packages.join(" "),
    SCRATCH: context.scratch,
    DASK: release.dask,
    PYTHON: exactPython(release),
    MINIFORGE_URL: miniforge.url,
    MINIFORGE_SHA256: miniforge.sha256,
    ...indexSettings(cluster.environment.index),
    SERVICE: options.service.name,
    ...(gpu ? cudaSettings(release.driverBranch, release.cuda, options.instanceTypes) : {}),
    ...options.settings,
    ...Object.assign({}, ...features.map((feature) => feature.settings)),
  };
  const files: readonly NodeFile[] = [
    ...environmentFiles(python.lockfiles[gpu ? "gpu" : "cpu"]),
    ...daskConfig(cluster, context, spillLimit, options.service),
    text("/etc/sysctl.d/90-dask.conf", kernelSettings()),
    text("/etc/needrestart/conf.d/dask.conf", packageFile("cloud-init/base/needrestart.conf")),
    copy("base/dask-node.service", UNITS),
    copy("base/hardening.conf", `${UNITS}/dask-.service.d`),
    copy("dask/sandbox.conf", `${UNITS}/${options.service.name}.service.d`),
    script("base/bootstrap.sh"),
    copy("base/functions.sh", LIBRARY),
    ...[...bake.flat(), ...boot].flatMap((step) => SCRIPTS[step] ?? []).map(script),
    ...pythonFiles(),
    ...features.flatMap((feature) => feature.files),
    ...setup.files,
    ...(gpu ? [copy("cuda-nvidia/nvidia-persistenced.conf", LIBRARY)] : []),
    ...options.files,
  ];
  const wheels = wheelFiles(python.wheels);
  const contents = imageContents(cluster, { bake, bakeSetup: setup.bake, settings, files, wheels });
  const environment = { ...settings, BAKE_KEY: contents.digest };
  const bundled = [environmentFile(ENVIRONMENT, environment), ...files];
  const bundle = bundleOf(bundled, wheels);
  const stub = stubFiles(cluster, environment, bundle);
  return {
    ...options,
    bake,
    bakeSetup: setup.bake,
    boot,
    packages,
    imageContents: contents,
    settings: environment,
    files: [...bundled, ...stub],
    wheels,
    stub,
    bundle,
  };
}

function kernelSettings(): string {
  const { from, to } = PORTS.ephemeral;
  return renderTemplate("cloud-init/base/90-dask.conf", { FROM: String(from), TO: String(to) });
}
