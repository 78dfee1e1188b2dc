import { gzipSync } from "fflate";
import type { NodeFile, NodePlan } from "./node-plan";
import { renderTemplate } from "./template";

/** Most bytes of user data that EC2 takes, before base64 (EC2 User Guide, "Run commands at launch"). */
export const MOST_BYTES = 16_384;

/** What cdktf writes where a value is known only after a deployment: in strings, lists and maps, and for numbers. */
const TOKEN = /TfToken\[|-1\.8881545\d+e\+289/;

/**
 * The user data of a node, as an instance or launch template takes it: base64 of the gzip'd cloud-config. The same
 * node gives the same bytes on every computer and under every Node version.
 *
 * @throws Error above EC2's limit, with the size of the parts; and where a Terraform token is in it
 */
export function userData(spec: NodePlan): string {
  const bytes = compress(cloudConfig(spec));
  if (bytes.length > MOST_BYTES) throw new Error(tooLarge(spec, bytes.length));
  return bytes.toString("base64");
}

/**
 * The readable cloud-config of a machine.
 *
 * @throws Error where a Terraform token is in it
 */
export function cloudConfig(spec: NodePlan): string {
  for (const { path, content } of spec.files) {
    const token = TOKEN.exec(content)?.[0];
    if (token !== undefined) {
      throw new Error(
        `${path} of the ${spec.role} holds the Terraform token '${token}…', expected values known at synth; ` +
          "Hint: name the thing by its fixed name or address",
      );
    }
  }
  return renderTemplate("cloud-init/cloud-config.yaml", {
    TITLE: spec.title,
    WRITE_FILES: spec.files.map(writeFile).join("\n"),
  });
}

/** An entry of `write_files`, its content as a literal block: what one reads is what lands on the machine. */
function writeFile({ path, mode, content }: NodeFile): string {
  if (!/^\S([^\r]*[^\r\n])?\n$/.test(content)) {
    throw new Error(
      `${path} cannot stand in a literal block, expected text that begins without white space and ends with one line break`,
    );
  }
  const block = content.slice(0, -1).replaceAll(/^(?=.)/gm, "   ");
  return `- path: ${path}\n  permissions: "${mode}"\n  content: |\n${block}`;
}

/**
 * Compresses in JavaScript, at an exact version. `node:zlib` is another library in each Node release and distribution,
 * and other bytes would make Terraform replace the scheduler and each node.
 */
function compress(text: string): Buffer {
  const bytes = Buffer.from(gzipSync(Buffer.from(text), { level: 9, mem: 12, mtime: 0 }));
  bytes[9] = 255; // the header's operating system: unknown (RFC 1952, 2.3.1)
  return bytes;
}

function tooLarge({ role, files }: NodePlan, size: number): string {
  const parts = files
    .map(({ path, content }) => ({ path, bytes: compress(content).length }))
    .sort((one, other) => other.bytes - one.bytes)
    .map(({ path, bytes }) => `  ${path}: ${bytes}`);
  return [
    `user data of the ${role} is ${size} bytes compressed, expected ${MOST_BYTES}; ` +
      "Hint: fewer or shorter names and resources in the definition",
    "its files, each compressed alone:",
    ...parts,
  ].join("\n");
}
