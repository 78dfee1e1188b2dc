// Environment variables that tools get from the user's shell. Plain JavaScript, because `npm start` uses it before npm
// installs packages.

"use strict";

/**
 * Variables for paths, locale and network access. Tools get no other variable, because it could change their files or their
 * behavior.
 */
const GENERAL = new Set([
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TMP", "TEMP", "LANG", "LANGUAGE", "TZ"],
  // A Python with shared libraries may not start without it.
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

/** Variables that this project reads. */
const PROJECT = /^(DASK_PYTHON|TERRAFORM_BINARY_NAME|CDKTF_DASK_\w+)$/;

/** Variables that configure the package index of pip and uv, the directories of pip's configuration, and shims of Python. */
const PYTHON = /^(PIP_\w+|UV_\w+|XDG_CONFIG_(HOME|DIRS)|(PYENV|ASDF|MISE)_\w+)$/;

/**
 * Returns the environment of a tool: Python, pip, uv, supervisor, Dask, npm.
 *
 * @param {NodeJS.ProcessEnv} env the environment to choose from
 * @returns {Record<string, string>}
 */
function toolEnvironment(env) {
  return choose(env, (name) => GENERAL.has(name) || name.startsWith("LC_"));
}

/**
 * Returns the environment of Terraform and cdktf: that of a tool, and the variables that the provisioners read.
 *
 * @param {NodeJS.ProcessEnv} env the environment to choose from
 * @returns {Record<string, string>}
 */
function deployEnvironment(env) {
  return { ...choose(env, (name) => PROJECT.test(name) || PYTHON.test(name)), ...toolEnvironment(env) };
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
