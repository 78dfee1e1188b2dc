import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { NullProvider } from "@cdktf/provider-null/lib/provider";
import { App, TerraformStack, Testing } from "cdktf";
import type { Construct } from "constructs";

/** A block of Terraform's JSON. */
export type Block = Readonly<Record<string, unknown>>;

type Blocks = Readonly<Record<string, Readonly<Record<string, Block>>>>;

/** An app that writes nothing before `synth` is called. */
export function testApp(outdir = ".test"): App {
  // cdktf fails if two tests create these directories at once.
  mkdirSync(join(outdir, "stacks"), { recursive: true });
  return new App({ outdir });
}

/** The configuration of a stack for Terraform, for assertions about resources, outputs and settings. */
export class Synthesized {
  private readonly json: {
    readonly resource?: Blocks;
    readonly data?: Blocks;
    readonly output?: Readonly<Record<string, Block>>;
    readonly provider?: Readonly<Record<string, readonly Block[]>>;
    readonly terraform: Block;
  };

  /** Synthesizes a stack, with its validations. */
  constructor(stack: TerraformStack) {
    this.json = JSON.parse(Testing.synth(stack, true));
  }

  /** Synthesizes constructs in a new stack with the providers aws and null. */
  static of(build: (scope: Construct) => void): Synthesized {
    const stack = new TerraformStack(testApp(), "test");
    new AwsProvider(stack, "aws", { region: "us-west-2" });
    new NullProvider(stack, "null");
    build(stack);
    return new Synthesized(stack);
  }

  /** Settings of Terraform. */
  get terraform(): Block {
    return this.json.terraform;
  }

  /** Number of resources of each type. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      Object.entries(this.json.resource ?? {}).map(([type, blocks]) => [type, Object.keys(blocks).length]),
    );
  }

  /** All resources. */
  get everyResource(): readonly Block[] {
    return Object.values(this.json.resource ?? {}).flatMap((blocks) => Object.values(blocks));
  }

  /** Names of the resources of a type in Terraform. */
  names(type: string): readonly string[] {
    return Object.keys(this.json.resource?.[type] ?? {});
  }

  /** Resources of a type. */
  resources(type: string): readonly Block[] {
    return Object.values(this.json.resource?.[type] ?? {});
  }

  /** The only resource of a type whose name contains the text. */
  resource(type: string, text = ""): Block {
    return only(type, text, this.json.resource);
  }

  /** The only data source of a type whose name contains the text. */
  data(type: string, text = ""): Block {
    return only(type, text, this.json.data);
  }

  /** Data sources of a type. */
  dataSources(type: string): readonly Block[] {
    return Object.values(this.json.data?.[type] ?? {});
  }

  /** Values of the outputs by name. */
  get outputs(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(this.json.output ?? {}).map(([name, { value }]) => [name, value]),
    );
  }

  /** The configuration of a provider. */
  provider(name: string): Block | undefined {
    return this.json.provider?.[name]?.[0];
  }

  /** The whole configuration as text. */
  get text(): string {
    return JSON.stringify(this.json);
  }
}

function only(type: string, text: string, blocks: Blocks = {}): Block {
  const found = Object.entries(blocks[type] ?? {}).filter(([name]) => name.includes(text));
  const [first] = found;
  if (first === undefined || found.length > 1)
    throw new Error(
      `${found.length} blocks of ${type} with '${text}' in their name: ${found.map(([name]) => name)}`,
    );
  return first[1];
}
