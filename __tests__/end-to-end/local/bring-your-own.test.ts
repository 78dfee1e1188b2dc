import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { awsHome, createBucket, REGION } from "../../support/aws-home";
import { Section } from "../../support/document";
import { lineOf, RESULT } from "../../support/example-program";
import { MockAws } from "../../support/mock-aws/mock-aws";
import { mockAws as mockAwsCommands } from "../../support/python-environment";
import { Checkout } from "../checkout";

jest.setTimeout(900_000);

const BUCKET = "my-bucket";

const SECTION = new Section("docs/bring-your-own.md", "On your computer");
const COMMANDS = SECTION.commands().map((line) => line.replaceAll("YOUR_BUCKET", BUCKET));

describe("the document about packages, data and settings of the user", () => {
  let checkout: Checkout;
  let mockAws: MockAws;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    checkout = await Checkout.make();
    cpSync("examples", join(checkout.directory, "examples"), { recursive: true });
    writeFileSync(join(checkout.directory, "environments", "local.ts"), SECTION.blocks("ts").join(""));
    const python = join(await mockAwsCommands(), "python");
    mockAws = await MockAws.start(python, join(checkout.directory, "mock-aws.log"));
    createBucket(mockAws, BUCKET);
    env = { HOME: awsHome(checkout.directory, mockAws) };
  });
  afterAll(async () => {
    await mockAws?.stop();
    await checkout?.remove();
  });

  test("has these commands, which work one after the other", async () => {
    expect(COMMANDS.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
      "python3 -m pip",
      "npm run lock",
      "npm start",
      "npm run client",
      ".dask/clients/local/bin/python -c 'import",
      ".dask/clients/local/bin/python examples/bring-your-own/program.py local",
    ]);
    const outputs: string[] = [];
    for (const line of COMMANDS) {
      const { code, output } = await checkout.shell(line, env);
      if (code !== 0) throw new Error(`${line}\nended with exit code ${code}:\n${output}`);
      outputs.push(output);
    }
    const lines = outputs.at(-1)?.trimEnd().split("\n") ?? [];
    // The workers are in the order of their random ports.
    expect(lines.filter((line) => !/^\[ *\d+ s\]|^connected/.test(line)).sort()).toEqual([
      expect.stringMatching(lineOf("cpu--local-0")),
      expect.stringMatching(lineOf("cpu--local-1")),
      RESULT,
      expect.stringMatching(lineOf("scheduler")),
    ]);
  });

  test("then has the result in the bucket", () => {
    const { Contents } = mockAws.call<{ Contents: readonly { Key: string; Size: number }[] }>(
      REGION,
      "s3",
      "list_objects_v2",
      { Bucket: BUCKET },
    );
    expect(Contents.map(({ Key }) => Key)).toEqual([
      "demo/result.txt",
      "demo/texts/fox.txt",
      "demo/texts/more.txt",
    ]);
    expect(Contents[0]?.Size).toBe(RESULT.length);
  });
});
