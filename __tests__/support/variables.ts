import { readFileSync } from "node:fs";
import { join } from "node:path";

/** An environment variable in the documentation of a tool of the local cluster. */
export interface Documented {
  readonly name: string;
  /** A value with which its tool fails or behaves differently. */
  readonly value: string;
  readonly source: string;
}

/** Environment variables of Python, pip, uv, Terraform, npm and Dask: the output of `list_variables.py`. */
export const DOCUMENTED: readonly Documented[] = readFileSync(join(__dirname, "variables.tsv"), "utf8")
  .trim()
  .split("\n")
  .map((line) => {
    const [name = "", value = "", source = ""] = line.split("\t");
    return { name, value, source };
  });

/** Variables of paths, locale and network access, which every tool gets. */
export const KEPT = [
  ...["ALL_PROXY", "HOME", "HTTPS_PROXY", "HTTP_PROXY", "LC_ALL", "NETRC", "NO_PROXY", "PATH", "SHELL"],
  ...["SSL_CERT_DIR", "SSL_CERT_FILE"],
];

/** Variables of pip and uv for access to a package index, which pip and uv both use. */
export const INDEX = [
  ...["PIP_CERT", "PIP_CLIENT_CERT", "PIP_CONFIG_FILE", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL"],
  ...[
    "PIP_FIND_LINKS",
    "PIP_INDEX_URL",
    "PIP_NO_INDEX",
    "PIP_PROXY",
    "PIP_PYPI_URL",
    "PIP_RETRIES",
    "PIP_TIMEOUT",
  ],
  ...[
    "PIP_TRUSTED_HOST",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_INDEX",
    "UV_INDEX_URL",
  ],
  ...["UV_INSECURE_HOST", "XDG_CONFIG_DIRS", "XDG_CONFIG_HOME"],
];

/** Variables of npm for access to its registry, which npm uses. */
export const REGISTRY = [
  ...["ca", "cafile", "cert", "fetch_retries", "fetch_retry_factor", "fetch_retry_maxtimeout"],
  ...[
    "fetch_retry_mintimeout",
    "fetch_timeout",
    "https_proxy",
    "key",
    "local_address",
    "maxsockets",
    "noproxy",
  ],
  ...["proxy", "registry", "strict_ssl"],
].map((name) => `npm_config_${name}`);

/** Returns all documented variables with their values, except those of a list. */
export function documentedWithout(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    DOCUMENTED.filter(({ name }) => !names.includes(name)).map(({ name, value }) => [name, value]),
  );
}
