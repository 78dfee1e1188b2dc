import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Configuration, MOCK_DEFECTS } from "./mock-defects";
import { type Finished, run } from "./process";

/** A Terraform that can be run. */
export interface Terraform {
  readonly command: readonly string[];
  /** Such as `1.11.4`. */
  readonly version: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** The parts of a synthesized stack that the tests look into. */
export interface Synthesized {
  readonly terraform: {
    readonly required_providers: Readonly<
      Record<string, { readonly source: string; readonly version: string }>
    >;
  };
  readonly resource: Readonly<Record<string, Readonly<Record<string, Configuration>>>>;
}

/** The parts of `terraform show -json <plan>` that the tests look into. */
export interface Plan {
  readonly resource_changes: readonly ResourceChange[];
  readonly prior_state: {
    readonly values: { readonly root_module: { readonly resources: readonly Resource[] } };
  };
}

export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
    readonly after_unknown: Readonly<Record<string, unknown>>;
  };
}

export interface Resource {
  readonly type: string;
  readonly name: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** Time limits in seconds, several times the usual duration. */
const SECONDS = {
  init: 120,
  providers: 120,
  validate: 120,
  apply: 420,
  plan: 180,
  show: 60,
  destroy: 420,
  state: 60,
};

/**
 * The directory of a synthesized stack, in which Terraform runs. The stack is not changed; a file next to it overrides
 * the backend unless it is kept, the number of retries, the versions of providers, and attributes that the mock returns
 * wrongly.
 */
export class Workspace {
  readonly synthesized: Synthesized;

  constructor(
    readonly name: string,
    private readonly folder: string,
    private readonly log: string,
    versions: Readonly<Record<string, string>>,
    backend: "replaced" | "kept" = "replaced",
  ) {
    this.synthesized = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as Synthesized;
    const required = Object.entries(this.synthesized.terraform.required_providers).map(
      ([provider, { source }]) => [provider, { source, version: versions[provider] }] as const,
    );
    const ignoring = this.ignoringMockDefects();
    const override = {
      terraform: {
        ...(backend === "replaced" && { backend: { local: { path: "terraform.tfstate" } } }),
        required_providers: Object.fromEntries(required),
      },
      // A call that moto lacks answers 500, which the provider would try 25 times, for longer than an apply may take.
      provider: { aws: [{ max_retries: 3 }] },
      // Terraform rejects an empty block.
      ...(Object.keys(ignoring).length > 0 && { resource: ignoring }),
    };
    writeFileSync(join(folder, "cdk_override.tf.json"), JSON.stringify(override, null, 2));
  }

  /** Checks the configuration. Each version of Terraform has a data directory. */
  async validate(terraform: Terraform): Promise<{ valid: boolean; diagnostics: unknown[] }> {
    await this.init(terraform);
    const { stdout } = await this.run(terraform, "validate", "-json");
    return JSON.parse(stdout) as { valid: boolean; diagnostics: unknown[] };
  }

  async init(terraform: Terraform, ...options: readonly string[]): Promise<void> {
    mkdirSync(this.dataDirectory(terraform), { recursive: true });
    await this.succeed(terraform, "init", "-input=false", ...options);
  }

  /** Writes the provider lock file `.terraform.lock.hcl` from mirrors of the providers. */
  async lockProviders(terraform: Terraform, mirrors: Readonly<Record<string, string>>): Promise<void> {
    mkdirSync(this.dataDirectory(terraform), { recursive: true });
    for (const [provider, { source }] of Object.entries(this.synthesized.terraform.required_providers))
      await this.succeed(terraform, "providers", "lock", `-fs-mirror=${mirrors[provider]}`, source);
  }

  /** Applies the stack, and returns the output of Terraform, which has the order of changes. */
  apply(terraform: Terraform, ...options: readonly string[]): Promise<string> {
    return this.succeed(terraform, "apply", "-input=false", "-auto-approve", ...options);
  }

  /** Applies a stack that is expected to fail, and returns the last output of Terraform. */
  async failToApply(terraform: Terraform): Promise<string> {
    const { status, tail } = await this.run(terraform, "apply", "-input=false", "-auto-approve");
    if (status === 0) throw new Error(`terraform apply of ${this.name} succeeded`);
    return tail;
  }

  async destroy(terraform: Terraform): Promise<void> {
    await this.succeed(terraform, "destroy", "-input=false", "-auto-approve");
  }

  /** The plan of another `apply` with these options. */
  async plan(terraform: Terraform, ...options: readonly string[]): Promise<Plan> {
    await this.succeed(terraform, "plan", "-input=false", "-out=plan.bin", ...options);
    return JSON.parse(await this.succeed(terraform, "show", "-json", "plan.bin")) as Plan;
  }

  /** Addresses of the resources in Terraform's state. */
  async resources(terraform: Terraform): Promise<string[]> {
    const listed = await this.succeed(terraform, "state", "list");
    return listed.split("\n").filter((line) => line !== "");
  }

  /** Text of Terraform's state. */
  state(): string {
    return readFileSync(join(this.folder, "terraform.tfstate"), "utf8");
  }

  private ignoringMockDefects() {
    const overrides: Record<string, Record<string, { lifecycle: { ignore_changes: string[] } }>> = {};
    for (const [type, resources] of Object.entries(this.synthesized.resource)) {
      for (const [name, configuration] of Object.entries(resources)) {
        const wrong = MOCK_DEFECTS.filter((defect) => defect.type === type && defect.affects(configuration));
        if (wrong.length === 0) continue;
        const ignored = [
          ...(configuration.lifecycle?.ignore_changes ?? []),
          ...wrong.map((defect) => defect.attribute),
        ];
        overrides[type] = { ...overrides[type], [name]: { lifecycle: { ignore_changes: ignored } } };
      }
    }
    return overrides;
  }

  private async succeed(
    terraform: Terraform,
    verb: keyof typeof SECONDS,
    ...args: string[]
  ): Promise<string> {
    const { status, stdout, tail } = await this.run(terraform, verb, ...args);
    if (status !== 0) {
      throw new Error(
        `terraform ${verb} of ${this.name} ended with status ${status}; log: ${this.log}; last output:\n${tail}`,
      );
    }
    return stdout;
  }

  private async run(terraform: Terraform, verb: keyof typeof SECONDS, ...args: string[]): Promise<Finished> {
    const started = Date.now();
    const finished = await run([...terraform.command, verb, ...args], {
      folder: this.folder,
      environment: {
        ...terraform.environment,
        // By which the mock AWS records what each command calls.
        TF_APPEND_USER_AGENT: `command/${verb}`,
        TF_DATA_DIR: this.dataDirectory(terraform),
        TF_CLI_ARGS: ["providers", "state"].includes(verb) ? "" : "-no-color",
      },
      log: this.log,
      seconds: SECONDS[verb],
    });
    const seconds = Math.round((Date.now() - started) / 1000);
    process.stderr.write(`  terraform ${terraform.version} ${verb} ${this.name}: ${seconds} s\n`);
    return finished;
  }

  private dataDirectory({ version }: Terraform): string {
    return join(this.folder, `.terraform-${version}`);
  }
}

/** Changes of a plan, without no-ops and reads. */
export function changes(plan: Plan): string[] {
  return plan.resource_changes
    .filter(({ change }) => !["no-op", "read"].includes(change.actions.join()))
    .map(({ address, change }) => `${change.actions.join(" and ")} ${address}`);
}
