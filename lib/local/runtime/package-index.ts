import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { devNull } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Environment } from "../../config/resolved-cluster";
import { deployEnvironment, toolEnvironment } from "./tool-environment.cjs";

/** How to reach packages: the settings of pip and, where pip has none, the variables of uv. */
export interface PackageIndex {
  /** Index instead of the public one. */
  readonly url?: string;
  /** Additional indexes. */
  readonly extraUrls: readonly string[];
  /** Whether the first index with a package provides all its versions; otherwise the best version of all indexes is used. */
  readonly firstIndex?: boolean;
  /** Directories and pages with packages. */
  readonly findLinks: readonly string[];
  /** Whether only `findLinks` is used. */
  readonly noIndex: boolean;
  /** Hosts whose certificates are not verified. */
  readonly trustedHosts: readonly string[];
  /** File with CAs. */
  readonly cert?: string;
  /** File with key and certificate of the client. */
  readonly clientCert?: string;
  readonly proxy?: string;
  /** Seconds to wait for an answer. */
  readonly timeout?: string;
  readonly retries?: string;
}

/** The public index of pip and uv. */
const PYPI = "https://pypi.org/simple";

/** Files with the CAs of Linux distributions: Debian, Fedora, SUSE, Alpine. */
const SYSTEM_CERTIFICATES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** Prints the variables and configuration files of pip, merged by pip: `{"global.index-url": …, ":env:.cert": …}`. */
const PRINT_CONFIGURATION = `
import json
from pip._internal.configuration import Configuration
configuration = Configuration(isolated=False)
configuration.load()
merged = {}
for name, value in configuration.items():
    # Since pip 26, settings are grouped by file, in ascending priority.
    merged.update(value if isinstance(value, dict) else {name: value})
print(json.dumps(merged))
`;

/** Milliseconds for pip to print its configuration. */
const TIMEOUT = 20_000;

/**
 * Reads how to reach packages on this computer.
 *
 * @param python an interpreter with pip
 * @param env the environment of the user's shell
 */
export async function packageIndex(python: string, env: NodeJS.ProcessEnv): Promise<PackageIndex> {
  const options = { env: deployEnvironment(env), timeout: TIMEOUT };
  const configuration = await promisify(execFile)(python, ["-I", "-c", PRINT_CONFIGURATION], options).then(
    ({ stdout }) => JSON.parse(stdout) as Record<string, unknown>,
    () => ({}),
  );
  return fromConfiguration(configuration, env);
}

/**
 * Returns the settings of `pip install` in a configuration of pip.
 *
 * @param configuration section and name of each setting, as pip merges its variables and files
 */
export function fromConfiguration(
  configuration: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): PackageIndex {
  // pip documentation, "Configuration": variables override the section of a command, which overrides [global].
  const setting = (...names: string[]) =>
    [":env:", "install", "global"]
      .flatMap((section) => names.map((name) => configuration[`${section}.${name}`]))
      .map((value) => String(value ?? "").trim())
      .find((value) => value !== "");
  const list = (value: string | undefined) => (value ?? "").split(/\s+/).filter((word) => word !== "");
  const url = setting("index-url", "pypi-url") ?? unnamed(env.UV_DEFAULT_INDEX ?? env.UV_INDEX_URL ?? "");
  const extra = setting("extra-index-url") ?? env.UV_INDEX ?? env.UV_EXTRA_INDEX_URL;
  const cert = setting("cert") ?? env.REQUESTS_CA_BUNDLE ?? env.CURL_CA_BUNDLE ?? env.SSL_CERT_FILE;
  return withoutUndefined({
    url: url || undefined,
    extraUrls: list(extra).map(unnamed).filter(exists),
    findLinks: list(setting("find-links") ?? env.UV_FIND_LINKS?.replaceAll(",", " ")).filter(exists),
    noIndex: /^(1|true|yes|on)$/i.test(setting("no-index") ?? ""),
    trustedHosts: list(setting("trusted-host") ?? env.UV_INSECURE_HOST),
    cert: cert || SYSTEM_CERTIFICATES.find((file) => existsSync(file)),
    clientCert: setting("client-cert"),
    proxy: setting("proxy"),
    timeout: setting("timeout", "default-timeout"),
    retries: setting("retries"),
  });
}

/**
 * Returns the index of a definition, which replaces that of the user. Certificates and proxy are those of the user, and so
 * is the replacement of PyPI if the definition has only additional indexes.
 */
export function withDefinition(
  index: PackageIndex,
  { url, extraUrls }: Pick<Environment["index"], "url" | "extraUrls">,
): PackageIndex {
  if (url === undefined && extraUrls.length === 0) return index;
  const urls = withoutUndefined({ url: url ?? index.url, extraUrls });
  return { ...index, ...urls, findLinks: [], noIndex: false, firstIndex: true };
}

/** Values of `UV_KEYRING_PROVIDER`, with which uv asks a keyring for passwords. */
const KEYRINGS = ["subprocess", "native"];

/** Returns the variables with which the user gives uv the passwords of these indexes, and the indexes with their names. */
export function credentialVariables(index: PackageIndex, env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = `${env.UV_DEFAULT_INDEX ?? ""} ${env.UV_INDEX ?? ""}`.split(/\s+/);
  const named = (url: string) => entries.find((entry) => entry.endsWith(`=${url}`)) ?? url;
  const [url, extraUrls] = [index.url && named(index.url), index.extraUrls.map(named)];
  // uv documentation, "Authentication": UV_INDEX_<NAME>_USERNAME and UV_INDEX_<NAME>_PASSWORD.
  const variables = [url ?? "", ...extraUrls].flatMap((entry) => {
    const name = /^([\w.-]+)=/
      .exec(entry)?.[1]
      ?.toUpperCase()
      .replaceAll(/[^A-Z0-9]/g, "_");
    return name === undefined ? [] : [`UV_INDEX_${name}_USERNAME`, `UV_INDEX_${name}_PASSWORD`];
  });
  const keyring = env.UV_KEYRING_PROVIDER ?? "";
  return withoutUndefined({
    ...Object.fromEntries(variables.flatMap((name) => (env[name] ? [[name, env[name]]] : []))),
    UV_KEYRING_PROVIDER: KEYRINGS.includes(keyring) ? keyring : undefined,
    UV_DEFAULT_INDEX: url || undefined,
    UV_INDEX: joined(extraUrls),
  });
}

/** Environment variables with which pip uses this index and reads no configuration file. */
export function pipVariables(index: PackageIndex): Readonly<Record<string, string>> {
  return withoutUndefined({
    // pip documentation, "Configuration": os.devnull makes pip skip all configuration files.
    PIP_CONFIG_FILE: devNull,
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    PIP_NO_INPUT: "1",
    PIP_INDEX_URL: index.url,
    PIP_EXTRA_INDEX_URL: joined(index.extraUrls),
    PIP_FIND_LINKS: joined(index.findLinks),
    PIP_NO_INDEX: index.noIndex ? "1" : undefined,
    PIP_TRUSTED_HOST: joined(index.trustedHosts),
    PIP_CERT: index.cert,
    PIP_CLIENT_CERT: index.clientCert,
    PIP_PROXY: index.proxy,
    PIP_TIMEOUT: index.timeout,
    PIP_RETRIES: index.retries,
  });
}

/** Environment variables with which uv uses this index and reads no configuration file. */
export function uvVariables(index: PackageIndex): Readonly<Record<string, string>> {
  const { proxy } = index;
  return withoutUndefined({
    UV_NO_CONFIG: "1",
    UV_PYTHON_DOWNLOADS: "never",
    UV_DEFAULT_INDEX: index.url,
    UV_INDEX: joined(index.extraUrls),
    // Like pip: the best version of all indexes, which is safe with hashes in the lockfile.
    UV_INDEX_STRATEGY: index.extraUrls.length > 0 && !index.firstIndex ? "unsafe-best-match" : undefined,
    UV_FIND_LINKS: joined(index.findLinks, ","),
    UV_INSECURE_HOST: joined(index.trustedHosts),
    // Without a file (macOS), uv uses the CAs of the system instead of its own.
    UV_SYSTEM_CERTS: index.cert === undefined ? "true" : undefined,
    SSL_CERT_FILE: index.cert,
    SSL_CLIENT_CERT: index.clientCert,
    ...(proxy !== undefined && { ALL_PROXY: proxy, HTTP_PROXY: proxy, HTTPS_PROXY: proxy }),
    ...(proxy !== undefined && { all_proxy: proxy, http_proxy: proxy, https_proxy: proxy }),
    UV_HTTP_TIMEOUT: index.timeout,
    UV_HTTP_RETRIES: index.retries,
  });
}

/** Describes the index and how to change it, for an error. */
export function describeIndex({ url, extraUrls, findLinks, noIndex, proxy }: PackageIndex): string {
  const locations = [...(noIndex ? [] : [url ?? PYPI]), ...extraUrls, ...findLinks].map(withoutPassword);
  const through = proxy === undefined ? "" : ` through the proxy ${withoutPassword(proxy)}`;
  return (
    `index: ${locations.join(", ")}${through}. Hint: check the connection; ` +
    "'pip config set global.index-url URL' or PIP_INDEX_URL changes the index, " +
    "global.cert or PIP_CERT the certificates, global.proxy or PIP_PROXY the proxy"
  );
}

/** Returns the environment of pip and uv: that of a tool, and the variables for this index. */
export function installerEnvironment(index: PackageIndex, env: NodeJS.ProcessEnv): Record<string, string> {
  return {
    ...toolEnvironment(env),
    ...pipVariables(index),
    ...uvVariables(index),
    ...credentialVariables(index, env),
  };
}

/** Removes the name of an index; uv allows `name=URL`. */
function unnamed(index: string): string {
  return index.replace(/^[\w.-]+=(?=\w+:)/, "");
}

/** pip ignores local directories that do not exist; uv fails. */
function exists(location: string): boolean {
  if (location.startsWith("file:")) return existsSync(fileURLToPath(location));
  return /^\w+:/.test(location) || existsSync(location);
}

/** Removes user and password from a URL. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/[^/@]*@/, "//***@");
}

function joined(words: readonly string[], separator = " "): string | undefined {
  return words.length > 0 ? words.join(separator) : undefined;
}

function withoutUndefined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
