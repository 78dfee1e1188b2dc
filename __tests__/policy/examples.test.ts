import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { App, TerraformStack } from "cdktf";
import { packageRoot } from "../../lib/node/package-file";
import { EXAMPLES, EXAMPLES_FOLDER } from "../support/examples";
import { INSTALL_TIMEOUT } from "../support/python-environment";
import { evaluate, type PolicyReport } from "./gate";

let scratch: string;
const reports = new Map<string, readonly PolicyReport[]>();

beforeAll(async () => {
  mkdirSync(join(packageRoot(), ".test"), { recursive: true });
  scratch = mkdtempSync(join(packageRoot(), ".test", "policy-examples-"));
  const apps = new Map<string, App>();
  for (const example of EXAMPLES) apps.set(example, await runExample(example, join(scratch, example)));
  await Promise.all(
    [...apps].map(async ([example, app]) => {
      const stacks = app.node.children.filter((child) => TerraformStack.isStack(child));
      reports.set(example, await Promise.all(stacks.map((stack) => evaluate(stack, app.outdir))));
    }),
  );
}, 2 * INSTALL_TIMEOUT);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe.each(EXAMPLES)("%s", (example) => {
  const reportsOf = () => reports.get(example) ?? [];

  test("fails no check without a suppression", () => {
    expect(reportsOf().length).toBeGreaterThan(0);
    for (const { verdicts, failed } of reportsOf()) {
      expect(verdicts.filter(({ passed }) => passed).length).toBeGreaterThan(0);
      expect(failed).toEqual([]);
    }
  });

  test("needs each of its suppressions", () => {
    expect(reportsOf().flatMap(({ stale }) => stale)).toEqual([]);
  });
});

/** Runs an example in its folder, from which it reads files. It synthesizes into a directory; returns its app. */
async function runExample(example: string, outdir: string): Promise<App> {
  const synth = jest.spyOn(App.prototype, "synth");
  const folder = join(EXAMPLES_FOLDER, example);
  process.env.CDKTF_OUTDIR = outdir;
  process.chdir(folder);
  try {
    await import(join(folder, "main.ts"));
    const [app] = synth.mock.contexts;
    if (app === undefined) throw new Error(`examples/${example}/main.ts does not call synth`);
    return app;
  } finally {
    delete process.env.CDKTF_OUTDIR;
    process.chdir(packageRoot());
    synth.mockRestore();
  }
}
