import type { ResolvedCluster } from "../config/resolved-cluster";
import { artifactBucketName } from "./artifact-bucket";
import type { Bundle } from "./bundle";
import { copy, environmentFile, LIBRARY, script, UNITS } from "./node-files";
import type { NodeFile } from "./node-plan";

/** Settings of the stub on a node. */
const STUB_ENVIRONMENT = "/etc/dask/bundle.env";

/** Settings of a node that the stub reads too: they decide where it reports a failure. */
const SETTINGS = ["GROUP", "HOOK", "HOOK_SECONDS", "RETRY_SECONDS", "SIGNAL", "SIGNAL_SECONDS"];

/** Settings of a node by name. */
type Settings = Readonly<Record<string, string>>;

/**
 * Returns what a node has before its bundle, and what bundle and images share with that: signed calls to AWS, and the
 * report to the launch hook of a pool's group or to the deployment that waits for the scheduler.
 */
export function reportFiles({ GROUP }: Settings): readonly NodeFile[] {
  return [copy("base/instance.sh", LIBRARY), copy(GROUP === "" ? "base/signal.sh" : "base/hook.sh", LIBRARY)];
}

/**
 * Returns the stub of a node: the files in its user data. It downloads the bundle, and reports when that fails.
 *
 * @param settings settings of the node
 */
export function stubFiles(cluster: ResolvedCluster, settings: Settings, bundle: Bundle): readonly NodeFile[] {
  const shared = SETTINGS.flatMap((name) => (settings[name] ? [[name, settings[name]]] : []));
  return [
    copy("base/dask-bundle.service", UNITS),
    script("base/fetch-bundle.sh"),
    ...reportFiles(settings),
    environmentFile(STUB_ENVIRONMENT, {
      BUCKET: artifactBucketName(cluster),
      BUNDLE: bundle.sha256,
      ...Object.fromEntries(shared),
    }),
  ];
}
