import type { ResolvedCluster } from "../config/resolved-cluster";
import { artifactBucketName } from "./artifact-bucket";
import type { Bundle } from "./bundle";
import { RETRY_SECONDS } from "./lifecycle";
import { copy, environmentFile, LIBRARY, script, UNITS } from "./node-files";
import type { NodeFile } from "./node-plan";

/** Settings of the stub on a node. */
const STUB_ENVIRONMENT = "/etc/dask/bundle.env";

/** Settings of a node that the stub reads too: they decide where it reports a failure. */
const SETTINGS = ["GROUP", "HOOK", "HOOK_SECONDS", "RETRY_SECONDS", "SIGNAL", "SIGNAL_SECONDS"];

/** Settings of a node by name. */
type Settings = Readonly<Record<string, string>>;

/**
 * Returns the stub of a node: the files in its user data. It downloads the bundle, and reports when that fails.
 *
 * @param settings settings of the node
 */
export function stubFiles(cluster: ResolvedCluster, settings: Settings, bundle: Bundle): readonly NodeFile[] {
  const shared = SETTINGS.flatMap((name) => (settings[name] ? [[name, settings[name]]] : []));
  return [
    copy("base/dask-bundle.service", UNITS),
    // The report goes to the launch hook of a pool's group, or to the deployment that waits for the scheduler.
    copy(settings.GROUP === "" ? "base/signal.sh" : "base/hook.sh", LIBRARY),
    ...downloadFiles(cluster, bundle, Object.fromEntries(shared)),
  ];
}

/** Returns the stub of the instance that builds an image: it downloads the bundle of the image. */
export function imageStub(cluster: ResolvedCluster, bundle: Bundle): readonly NodeFile[] {
  return downloadFiles(cluster, bundle, { RETRY_SECONDS: String(RETRY_SECONDS) });
}

function downloadFiles(cluster: ResolvedCluster, bundle: Bundle, settings: Settings): readonly NodeFile[] {
  return [
    script("base/fetch-bundle.sh"),
    copy("base/instance.sh", LIBRARY),
    environmentFile(STUB_ENVIRONMENT, {
      BUCKET: artifactBucketName(cluster),
      BUNDLE: bundle.sha256,
      ...settings,
    }),
  ];
}
