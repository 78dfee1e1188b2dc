// What the local stack takes from the environment of the user's shell. Plain JavaScript: `npm start` needs it before
// anything is installed or compiled.

"use strict";

/**
 * Variables that say where this user's things are, in which language programs speak, and how to reach the network. Every
 * other variable may change where a tool puts things or what it chooses, so no tool of the local stack gets it.
 */
const KEPT = new Set([
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TMP", "TEMP", "LANG", "LANGUAGE", "TZ"],
  // A Python that was built with shared libraries may not start without it.
  "LD_LIBRARY_PATH",
  ...["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [name, name.toUpperCase()]),
  ...[
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "NETRC",
  ],
]);

/** Variables that the project itself reads. */
const OWN = /^(DASK_PYTHON|TERRAFORM_BINARY_NAME|CDKTF_DASK_\w+)$/;

/**
 * Variables that a package index is configured by (for pip and uv, with the directories of pip's configuration files), and
 * that shims find a Python by.
 */
const READ = /^(PIP_\w+|UV_\w+|XDG_CONFIG_(HOME|DIRS)|(PYENV|ASDF|MISE)_\w+)$/;

/**
 * Environment of a tool: Python, pip, uv, the supervisor, Dask, npm.
 *
 * @param {NodeJS.ProcessEnv} env the environment to choose from
 * @returns {Record<string, string>}
 */
function toolEnvironment(env) {
  return choose(env, (name) => KEPT.has(name) || name.startsWith("LC_"));
}

/**
 * Environment of Terraform and cdktf: that of a tool, and what the provisioners need to compose that of their tools.
 *
 * @param {NodeJS.ProcessEnv} env the environment to choose from
 * @returns {Record<string, string>}
 */
function deployEnvironment(env) {
  return { ...choose(env, (name) => OWN.test(name) || READ.test(name)), ...toolEnvironment(env) };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {(name: string) => boolean} isChosen
 * @returns {Record<string, string>}
 */
function choose(env, isChosen) {
  /** @type {Record<string, string>} */
  const chosen = {};
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && isChosen(name)) chosen[name] = value;
  return chosen;
}

module.exports = { toolEnvironment, deployEnvironment };
