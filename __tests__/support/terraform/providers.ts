import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { runOrThrow } from "./process";

/** A provider of HashiCorp, in the version that the tests use. */
export interface Provider {
  readonly name: string;
  readonly version: string;
}

const HOST = "registry.terraform.io";
const ROOT = resolve(__dirname, "../../..");

/** Downloaded providers, kept for the next run. */
const DOWNLOADS = join(ROOT, ".test", "terraform-providers");

/** Seconds for the download of the AWS provider (600 MB unpacked) on a slow line. */
const DOWNLOAD_SECONDS = 900;

const NULL_PROVIDER = resolve(__dirname, "../null-provider/null_provider.py");

/**
 * Finds a filesystem mirror of Terraform with a provider. Searches in this order: TERRAFORM_PROVIDER_MIRROR,
 * TF_PLUGIN_CACHE_DIR, the downloads of earlier runs, the folders that Terraform itself searches, and the folders in
 * /opt and /srv.
 */
export function findMirror({ name, version }: Provider): string | undefined {
  const folder = join(HOST, "hashicorp", name);
  const packed = `terraform-provider-${name}_${version}_${platform()}.zip`;
  return candidates().find(
    (mirror) =>
      existsSync(join(mirror, folder, version, platform())) || existsSync(join(mirror, folder, packed)),
  );
}

function candidates(): string[] {
  const { TERRAFORM_PROVIDER_MIRROR, TF_PLUGIN_CACHE_DIR, XDG_DATA_HOME, XDG_DATA_DIRS } = process.env;
  const home = homedir();
  const data = [
    XDG_DATA_HOME ?? join(home, ".local/share"),
    ...(XDG_DATA_DIRS ?? "/usr/local/share:/usr/share").split(":"),
  ];
  return [
    TERRAFORM_PROVIDER_MIRROR ?? "",
    TF_PLUGIN_CACHE_DIR ?? "",
    DOWNLOADS,
    join(home, ".terraform.d/plugins"),
    join(home, ".terraform.d/plugin-cache"),
    ...data.map((folder) => join(folder, "terraform/plugins")),
    ...["/opt", "/srv"].flatMap((parent) =>
      existsSync(parent) ? readdirSync(parent).map((child) => join(parent, child)) : [],
    ),
  ].filter((folder) => folder !== "");
}

/** Whether Terraform's registry can be reached from here. */
export function registryAnswers(): boolean {
  const ask = `fetch("https://${HOST}/.well-known/terraform.json", { signal: AbortSignal.timeout(15000) })
    .then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`;
  return spawnSync(process.execPath, ["-e", ask], { timeout: 30_000 }).status === 0;
}

/** Downloads a provider from the registry by `terraform init`, and returns the mirror with it. */
export async function download(
  { name, version }: Provider,
  terraform: readonly string[],
  scratch: string,
  log: string,
): Promise<string> {
  const folder = join(scratch, `download-${name}`);
  mkdirSync(folder, { recursive: true });
  mkdirSync(DOWNLOADS, { recursive: true });
  const required = { [name]: { source: `hashicorp/${name}`, version } };
  const configuration = JSON.stringify({ terraform: { required_providers: required } });
  writeFileSync(join(folder, "main.tf.json"), configuration);
  const config = join(folder, "cli.tfrc");
  writeFileSync(config, `plugin_cache_dir = ${JSON.stringify(DOWNLOADS)}\n`);
  const environment = { ...process.env, TF_CLI_CONFIG_FILE: config, CHECKPOINT_DISABLE: "1" };
  const init = [...terraform, "init", "-backend=false", "-input=false", "-no-color"];
  await runOrThrow(init, { folder, environment, log, seconds: DOWNLOAD_SECONDS });
  return DOWNLOADS;
}

/** Creates a mirror with the double of hashicorp/null: the same name and version, another program. */
export function mirrorOfNullDouble(version: string, python: string, scratch: string): string {
  const mirror = join(scratch, "null-provider");
  const folder = join(mirror, HOST, "hashicorp", "null", version, platform());
  const program = join(folder, `terraform-provider-null_v${version}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(program, `#!/bin/sh\nexec '${python}' '${NULL_PROVIDER}'\n`);
  chmodSync(program, 0o755);
  return mirror;
}

/** Terraform's CLI configuration that installs each provider from its mirror only. */
export function cliConfiguration(mirrors: Readonly<Record<string, string>>): string {
  const blocks = Object.entries(mirrors).map(
    ([name, mirror]) =>
      `  filesystem_mirror {\n    path    = ${JSON.stringify(mirror)}\n    include = ["${HOST}/hashicorp/${name}"]\n  }\n`,
  );
  return `provider_installation {\n${blocks.join("")}}\n`;
}

/** Terraform's name of this platform, such as `linux_amd64`. */
function platform(): string {
  const system = process.platform === "win32" ? "windows" : process.platform;
  return `${system}_${process.arch === "x64" ? "amd64" : process.arch}`;
}
