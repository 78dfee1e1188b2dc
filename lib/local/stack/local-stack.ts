import { createHash } from "node:crypto";
import { join, relative, resolve } from "node:path";
import {
  Annotations,
  App,
  DataResource,
  LocalBackend,
  Manifest,
  TerraformOutput,
  TerraformStack,
} from "cdktf";
import type { Construct } from "constructs";
import { PORTS } from "../../config/ports";
import type { ResolvedCluster } from "../../config/resolved-cluster";
import { unknownDaskKeys } from "../../config/rules/settings";
import { ValidationError } from "../../config/validation-error";
import { packageFile } from "../../node/package-file";
import type { Packages } from "../../node/packages/read-packages";
import { dashboardLink, schedulerAddress } from "../addresses";
import { DEFINITION_VARIABLE, type LocalCommand, type LocalDefinition } from "../definition";
import { allLockfiles } from "../lockfiles";
import { monitoringLink } from "../monitoring";
import { localPackages } from "../packages";
import { localPaths } from "../paths";
import { chosenPorts, type LocalPorts } from "../ports";
import { nextGeneration } from "./generation";
import { RESOURCES } from "./terraform-state";

/** Default ports of Dask. */
const DEFAULT_PORTS: LocalPorts = { scheduler: PORTS.scheduler.from, dashboard: PORTS.dashboard.from };

/** Determines which cluster runs on this computer, and on which ports. */
export interface LocalStackProps {
  /** The cluster; settings that only apply to AWS have no effect, nor have the scripts of `nodeSetup`. */
  readonly cluster: ResolvedCluster;
  /**
   * Ports on the loopback interface. The environment variables `CDKTF_DASK_SCHEDULER_PORT` and `CDKTF_DASK_DASHBOARD_PORT`
   * override them.
   *
   * @default - 8786 and 8787
   */
  readonly ports?: LocalPorts;
}

/**
 * Stack of a cluster on this computer. It uses only Terraform's built-in provider, so it needs no account and no download of
 * a provider. It has two resources with provisioners: the Python environment and the processes. All files are in
 * `.dask/<cluster>` of the working directory.
 *
 * @example
 * new LocalStack(app, "laptop", { cluster, ports: { scheduler: 8796, dashboard: 8797 } });
 */
export class LocalStack extends TerraformStack {
  /** Address that clients connect to: `tcp://127.0.0.1:8786`, or `tls://…` with TLS. */
  readonly schedulerAddress: string;
  /** URL of the dashboard. */
  readonly dashboardLink: string;

  /**
   * @throws ValidationError if the definition has a backend that is not `local`, for wheels that nodes cannot install, and for
   * lockfiles that are missing or are not those of the definition
   */
  constructor(scope: Construct, id: string, { cluster, ports: given = DEFAULT_PORTS }: LocalStackProps) {
    super(scope, id);
    const ports = chosenPorts(given, process.env);
    if (cluster.backend.type !== "local") throw remoteBackend(cluster);
    for (const warning of unknownDaskKeys(cluster)) Annotations.of(this).addWarning(warning);
    const packages = localPackages(cluster);
    this.schedulerAddress = schedulerAddress(cluster, ports);
    this.dashboardLink = dashboardLink(ports);

    // Terraform runs in the stack's folder of the output. Relative paths keep the synthesized files the same on every
    // computer.
    const folder = resolve(App.of(this).outdir, Manifest.stacksFolder, id);
    const toProject = relative(folder, process.cwd());
    const stateFile = cluster.backend.path ?? `terraform.${cluster.name}.tfstate`;
    new LocalBackend(this, { path: relative(folder, resolve(stateFile)) });

    const generation = nextGeneration(resolve(stateFile), localPaths(cluster.name));
    const definition: LocalDefinition = { cluster, ports, generation };
    const provisioner = (command: LocalCommand) => ({
      type: "local-exec" as const,
      command: `node "${relative(process.cwd(), join(__dirname, "../runtime/cli.js"))}" ${command} ${cluster.name}`,
      workingDir: toProject,
    });
    const provisioners = (create: LocalCommand, destroy: LocalCommand) => [
      {
        ...provisioner(create),
        environment: { [DEFINITION_VARIABLE]: escapeTerraform(JSON.stringify(definition)) },
      },
      { ...provisioner(destroy), when: "destroy" as const },
    ];
    const locks = fingerprint(
      ...allLockfiles(cluster.release.name).map(packageFile),
      ...ownPackages(packages),
    );
    const { version } = JSON.parse(packageFile("package.json")) as { version: string };
    // Without triggers: its replacement would remove the old environment first. `start` creates a new one.
    const environment = new DataResource(this, RESOURCES.environment, {
      provisioners: provisioners("install", "remove"),
    });
    new DataResource(this, RESOURCES.processes, {
      triggersReplace: {
        locks,
        definition: fingerprint(JSON.stringify({ cluster, ports }), version),
        generation,
      },
      dependsOn: [environment],
      provisioners: provisioners("start", "stop"),
    });

    this.output("scheduler_address", "Address that clients connect to", this.schedulerAddress);
    this.output("dashboard_link", "URL of the dashboard", this.dashboardLink);
    const monitoring = monitoringLink(cluster, ports);
    if (monitoring) this.output("monitoring_link", "URL of Prometheus, if this computer has it", monitoring);
    const files = `.dask/${cluster.name}`;
    const connect = (address: string) =>
      `${files}/environment/bin/python -c 'from distributed import Client; print(Client(${address}))'`;
    if (cluster.tls)
      this.output("client_bundle", "Folder with a client certificate and dask.yaml", `${files}/client`);
    this.output(
      "connect",
      "Command that connects a client",
      cluster.tls ? `DASK_CONFIG=${files}/client ${connect("")}` : connect(`"${this.schedulerAddress}"`),
    );
  }

  private output(id: string, description: string, value: string): void {
    new TerraformOutput(this, id, { value, description, staticId: true });
  }
}

function fingerprint(...texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\n")).digest("hex");
}

/** What determines the environment in addition to the lockfiles of this package. */
function ownPackages({ own, lockfiles, wheels }: Packages): readonly string[] {
  return own ? [lockfiles.cpu, lockfiles.gpu, ...wheels.map(({ sha256 }) => sha256)] : [];
}

/** Escapes `${` and `%{`, which start a template in Terraform. */
function escapeTerraform(text: string): string {
  return text.replaceAll(/[$%](?=\{)/g, "$&$&");
}

function remoteBackend({ name, backend }: ResolvedCluster): ValidationError {
  return new ValidationError(name, [
    {
      path: "backend.type",
      value: backend.type,
      expected: "local",
      hint: "remove the backend: the state of a local cluster must be on the same computer as its processes",
    },
  ]);
}
