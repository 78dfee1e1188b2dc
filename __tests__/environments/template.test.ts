import { development } from "../../environments/development";
import { template } from "../../environments/template";
import { ValidationError, type ValidationIssue } from "../../lib/config/validation-error";
import { planNodes } from "../../lib/node/plan";

function issuesOf(run: () => unknown): readonly ValidationIssue[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ValidationError) return error.issues;
    throw error;
  }
  return [];
}

test("the template lacks only the lockfiles, which a copy gets by the command in the hint", () => {
  expect(issuesOf(() => planNodes(template))).toEqual(
    ["cpu", "gpu"].map((kind) => ({
      path: "environment.lockfiles",
      value: `dask-locks/research/${kind}.txt`,
      expected: "the lockfile of your packages: it is missing",
      hint: "run `npx cdktf-dask lock research`",
    })),
  );
});

test("nodes of the template have its settings", () => {
  const { scheduler, pools } = planNodes({ ...template, environment: development.environment });
  const settings = [scheduler, ...pools.map(({ node }) => node)].map(({ service, files }) => [
    files
      .find(({ path }) => path.endsWith(`/${service.name}.service`))
      ?.content.split("\n")
      .filter((line) => line.includes("GREETING")),
    files.find(({ path }) => path === "/etc/dask/user.yaml")?.content,
  ]);
  const yaml = '"array":\n  "chunk-size": "256MiB"\n';
  expect(settings).toEqual([
    [['Environment="GREETING=hello"'], yaml],
    [['Environment="GREETING=hello"'], yaml],
    [['Environment="GREETING=hello from a GPU"'], yaml],
  ]);
});
