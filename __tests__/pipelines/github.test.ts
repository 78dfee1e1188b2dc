import { readWorkflow } from "../support/workflow";
import { filesOf } from "./written";

const workflow = readWorkflow(filesOf("github").get(".github/workflows/dask-research.yml") ?? "");
const jobs = Object.entries(workflow.jobs);

test("each job has the permissions that it needs, and the workflow has none", () => {
  expect(workflow.permissions).toEqual({});
  expect(Object.fromEntries(jobs.map(([name, { permissions }]) => [name, permissions]))).toEqual({
    check: { contents: "read" },
    plan: { contents: "read", "id-token": "write" },
    comment: { "pull-requests": "write" },
    apply: { contents: "read", "id-token": "write" },
  });
});

test("no job with credentials runs npm", () => {
  const running = jobs.filter(([, { steps }]) => steps.some(({ run = "" }) => /\bnp[mx]\b/.test(run)));
  expect(running.map(([name]) => name)).toEqual(["check"]);
});

test("every action is pinned by its commit, and no checkout keeps the token", () => {
  const steps = jobs.flatMap(([, { steps }]) => steps.filter(({ uses }) => uses !== undefined));
  expect(steps.length).toBeGreaterThan(0);
  expect(steps.filter(({ uses = "" }) => !/@[0-9a-f]{40}$/.test(uses))).toEqual([]);
  const checkouts = steps.filter(({ uses = "" }) => uses.startsWith("actions/checkout@"));
  expect(checkouts.map(({ with: inputs }) => inputs)).toEqual(
    checkouts.map(() => ({ "persist-credentials": false })),
  );
});

test("plan and apply have different roles", () => {
  const roles = jobs.map(([name, { steps }]) => [
    name,
    steps.map(({ with: inputs }) => inputs?.["role-to-assume"]).find((role) => role !== undefined),
  ]);
  expect(Object.fromEntries(roles)).toEqual({
    check: undefined,
    plan: "${{ vars.PLAN_ROLE_ARN }}",
    comment: undefined,
    apply: "${{ vars.APPLY_ROLE_ARN }}",
  });
});

test("changes of main are applied in an environment that can require approval", () => {
  const { apply } = workflow.jobs;
  expect(apply).toMatchObject({ needs: "plan", environment: "research" });
  expect(apply?.if).toContain("github.ref == 'refs/heads/main' && needs.plan.outputs.result == 'changed'");
});
