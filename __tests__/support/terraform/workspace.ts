import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Configuration, MOCK_FAULTS } from "./mock-faults";
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

/** Limits in seconds, several times what each takes here. */
const SECONDS = { init: 120, validate: 120, apply: 420, plan: 180, show: 60, destroy: 420, state: 60 };

/**
 * The directory of a synthesized stack, in which Terraform runs. The stack itself stays as it is; a file beside it
 * overrides where the state is kept, how often a call is tried, which version of a provider is taken, and what the
 * mock gives back wrongly.
 */
export class Workspace {
  readonly synthesized: Synthesized;

  constructor(
    readonly name: string,
    private readonly folder: string,
    private readonly log: string,
    versions: Readonly<Record<string, string>>,
  ) {
    this.synthesized = JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8")) as Synthesized;
    const required = Object.entries(this.synthesized.terraform.required_providers).map(
      ([provider, { source }]) => [provider, { source, version: versions[provider] }] as const,
    );
    const override = {
      terraform: {
        backend: { local: { path: "terraform.tfstate" } },
        required_providers: Object.fromEntries(required),
      },
      // A call that moto lacks answers 500, which the provider would try 25 times, for longer than an apply may take.
      provider: { aws: [{ max_retries: 3 }] },
      resource: this.blindToMockFaults(),
    };
    writeFileSync(join(folder, "cdk_override.tf.json"), JSON.stringify(override, null, 2));
  }

  /** Checks the configuration; with a data directory of its own, so that two Terraforms can take turns. */
  async validate(terraform: Terraform): Promise<{ valid: boolean; diagnostics: unknown[] }> {
    await this.init(terraform);
    const { stdout } = await this.run(terraform, "validate", "-json");
    return JSON.parse(stdout) as { valid: boolean; diagnostics: unknown[] };
  }

  async init(terraform: Terraform): Promise<void> {
    mkdirSync(this.dataDirectory(terraform), { recursive: true });
    await this.succeed(terraform, "init", "-input=false");
  }

  /** Applies the stack, and returns what Terraform printed: among others, in which order it worked. */
  apply(terraform: Terraform, ...options: readonly string[]): Promise<string> {
    return this.succeed(terraform, "apply", "-input=false", "-auto-approve", ...options);
  }

  /** Applies a stack that is expected to fail, and returns what Terraform printed last. */
  async failToApply(terraform: Terraform): Promise<string> {
    const { status, tail } = await this.run(terraform, "apply", "-input=false", "-auto-approve");
    if (status === 0) throw new Error(`terraform apply of ${this.name} succeeded`);
    return tail;
  }

  async destroy(terraform: Terraform): Promise<void> {
    await this.succeed(terraform, "destroy", "-input=false", "-auto-approve");
  }

  /** What another `apply` with these options would do. */
  async plan(terraform: Terraform, ...options: readonly string[]): Promise<Plan> {
    await this.succeed(terraform, "plan", "-input=false", "-out=plan.bin", ...options);
    return JSON.parse(await this.succeed(terraform, "show", "-json", "plan.bin")) as Plan;
  }

  /** Addresses of what Terraform holds to be there. */
  async resources(terraform: Terraform): Promise<string[]> {
    const listed = await this.succeed(terraform, "state", "list");
    return listed.split("\n").filter((line) => line !== "");
  }

  /** Everything that Terraform knows of the stack, as it is kept. */
  state(): string {
    return readFileSync(join(this.folder, "terraform.tfstate"), "utf8");
  }

  private blindToMockFaults() {
    const overrides: Record<string, Record<string, { lifecycle: { ignore_changes: string[] } }>> = {};
    for (const [type, resources] of Object.entries(this.synthesized.resource)) {
      for (const [name, configuration] of Object.entries(resources)) {
        const wrong = MOCK_FAULTS.filter((fault) => fault.type === type && fault.befalls(configuration));
        if (wrong.length === 0) continue;
        const ignored = [
          ...(configuration.lifecycle?.ignore_changes ?? []),
          ...wrong.map((fault) => fault.attribute),
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
        `terraform ${verb} of ${this.name} ended with status ${status}; the whole output is in ${this.log}; it said last:\n${tail}`,
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
        TF_DATA_DIR: this.dataDirectory(terraform),
        TF_CLI_ARGS: verb === "state" ? "" : "-no-color",
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

/** What a plan would do, without what it would leave or only read. */
export function changes(plan: Plan): string[] {
  return plan.resource_changes
    .filter(({ change }) => !["no-op", "read"].includes(change.actions.join()))
    .map(({ address, change }) => `${change.actions.join(" and ")} ${address}`);
}
