import { gzip } from "./gzip";
import type { NodeFile, NodePlan } from "./node-plan";
import { renderTemplate } from "./template";

/**
 * Maximum size of user data in bytes, before base64: a quarter of the limit of EC2 (EC2 User Guide, "Run commands at
 * launch").
 */
export const MAX_USER_DATA_BYTES = 4096;

/**
 * Returns the user data of a node for instances and launch templates: the compressed cloud-config in base64. Equal
 * nodes have equal bytes on every computer and under every version of Node.
 *
 * @throws Error above `MAX_USER_DATA_BYTES`
 */
export function userData(node: NodePlan): string {
  const bytes = gzip(Buffer.from(cloudConfig(node)), 9);
  if (bytes.length > MAX_USER_DATA_BYTES) {
    throw new Error(
      `user data of the ${node.role}: got ${bytes.length} bytes compressed, expected at most ${MAX_USER_DATA_BYTES}. Hint: move files from the stub to the bundle`,
    );
  }
  return bytes.toString("base64");
}

/** Returns the cloud-config of a node. */
export function cloudConfig({ title, stub }: NodePlan): string {
  return renderTemplate("cloud-init/cloud-config.yaml", {
    TITLE: title,
    WRITE_FILES: stub.map(writeFile).join("\n"),
  });
}

/** Returns an entry of `write_files`, with the content as a literal block, which keeps it readable. */
function writeFile({ path, mode, content }: NodeFile): string {
  if (!/^\S([^\r]*[^\r\n])?\n$/.test(content)) {
    throw new Error(
      `${path} cannot stand in a literal block, expected text that begins without white space and ends with one line break`,
    );
  }
  const block = content.slice(0, -1).replaceAll(/^(?=.)/gm, "   ");
  return `- path: ${path}\n  permissions: "${mode}"\n  content: |\n${block}`;
}
