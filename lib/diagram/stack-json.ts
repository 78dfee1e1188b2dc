/** A block of Terraform's JSON. */
export type Block = Readonly<Record<string, unknown>>;

type Blocks = Readonly<Record<string, Readonly<Record<string, Block>>>>;

/** The Terraform JSON of a stack, `cdktf.out/stacks/<stack>/cdk.tf.json`. */
export class StackJson {
  private readonly resource: Blocks;

  constructor(text: string) {
    this.resource = (JSON.parse(text) as { readonly resource?: Blocks }).resource ?? {};
  }

  /** Resources of a type, in the order of their names. */
  all(type: string): readonly Block[] {
    return this.named(type).map(([, block]) => block);
  }

  /** Resources of a type with their names, in the order of the names. */
  named(type: string): readonly (readonly [name: string, block: Block])[] {
    return Object.entries(this.resource[type] ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** The resource that a reference such as `${aws_subnet.private_1A2B.id}` points to. */
  referenced(reference: unknown): Block | undefined {
    const [, type = "", name = ""] = /^\$\{(\w+)\.([\w-]+)\./.exec(String(reference)) ?? [];
    return this.resource[type]?.[name];
  }
}

/** Returns a nested value, such as `at(group, "mixed_instances_policy", "launch_template")`. Blocks may be in a list of one. */
export function at(block: unknown, ...path: readonly string[]): unknown {
  const value = Array.isArray(block) ? block[0] : block;
  const [key, ...rest] = path;
  return key === undefined ? block : at((value as Block | undefined)?.[key], ...rest);
}
