import { execFile } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../lib/node/package-file";
import { testDirectory } from "../support/directory";
import { checkov, INSTALL_TIMEOUT } from "../support/python-environment";

const directory = testDirectory("aws-commands");
const DOCS = join(packageRoot(), "docs");

/** Options and operations of documents that AWS's interfaces, as the AWS SDK knows them, do not have. */
async function findings(files: readonly string[]): Promise<unknown> {
  const program = join(await checkov(), "python");
  const { stdout } = await promisify(execFile)(program, [join(__dirname, "aws_commands.py"), ...files], {
    timeout: 120_000,
  });
  return JSON.parse(stdout);
}

test(
  "documents have only commands, options and experiments that AWS knows",
  async () => {
    const names = readdirSync(DOCS, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".md"),
    );
    expect(names).toContain("check-on-aws.md");
    const files = [join(packageRoot(), "README.md"), ...names.map((name) => join(DOCS, name))];
    expect(await findings(files)).toEqual([]);
  },
  INSTALL_TIMEOUT,
);

test(
  "finds an operation, an option and a field that AWS does not have",
  async () => {
    const file = join(directory, "document.md");
    writeFileSync(
      file,
      [
        "Run `aws ec2 describe-instance --output text`:",
        "```sh",
        "aws fis start-experiment --region eu-central-1 --template-id x",
        "aws logs tail /dask/production/nodes --since 1h",
        "```",
        "```json",
        '{\n  "description": "x", "roleArn": "r", "actions": {}, "stopConditions": [{ "sources": "none" }]\n}',
        "```",
      ].join("\n"),
    );
    expect(await findings([file])).toEqual([
      "document.md: aws ec2 describe-instance: not an operation",
      "document.md: aws fis start-experiment: no option --template-id",
      expect.stringContaining('Missing required parameter in stopConditions[0]: "source"'),
    ]);
  },
  INSTALL_TIMEOUT,
);
