import type { ResolvedCluster } from "../config/resolved-cluster";
import { copy, UNITS } from "./node-files";
import type { NodeFeature } from "./node-plan";
import { pythonSources } from "./python-files";

/** Parts of the Python package that the service runs, with all that these import in addition to those of every node. */
const PARTS = [
  ...["__init__", "aws", "aws_errors", "errors"].map((name) => `client/${name}`),
  ...["__init__", "facts", "nodes", "page", "page_template", "prices", "published", "rows"].map(
    (name) => `operations/${name}`,
  ),
  ...["__init__", "__main__", "facts", "writer"].map((name) => `status_page/${name}`),
];

/** Whether nodes of a cluster can reach the Price List API, which has no endpoint in the cluster's VPC. */
export function hasPriceList({ network }: Pick<ResolvedCluster, "network">): boolean {
  return network.nat !== "none";
}

/**
 * Page with the state of all nodes, behind the dashboard proxy at `/cluster/`: a service that writes it to a folder in memory
 * (`cdktf_dask.status_page`). It starts and stops with the proxy.
 */
export function statusPageFeature(cluster: ResolvedCluster): NodeFeature {
  return {
    packages: [],
    steps: [],
    settings: { PRICE_LIST: hasPriceList(cluster) ? "yes" : "no" },
    files: [
      copy("dashboard/dask-status.service", UNITS),
      copy("dashboard/status.conf", "/etc/dask/nginx.d"),
      ...PARTS.flatMap((name) => pythonSources(`cdktf_dask/${name}.py`)),
    ],
  };
}
