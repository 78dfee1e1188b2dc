import { type GitLabJob, jobsOf } from "./gitlab";
import { filesOf } from "./written";

const jobs = jobsOf(filesOf("gitlab").get(".gitlab/dask-research.yml") ?? "");
const job = (name: string) => jobs.get(name) as GitLabJob;

test("only the jobs that run Terraform get a token for AWS, and none of them runs npm", () => {
  const token = { AWS_TOKEN: { aud: "sts.amazonaws.com" } };
  expect(job(".dask-research-aws").id_tokens).toEqual(token);
  for (const name of ["research plan", "research apply"]) {
    expect(job(name).extends).toBe(".dask-research-aws");
    expect(job(name).script?.join("\n")).not.toMatch(/\bnp[mx]\b/);
  }
  expect(job("research check").extends).toBe(".dask-research");
  expect(job(".dask-research")).not.toHaveProperty("id_tokens");
});

test("plan and apply have different roles", () => {
  expect(job("research plan").variables?.AWS_ROLE_ARN).toBe("$PLAN_ROLE_ARN");
  expect(job("research apply").variables?.AWS_ROLE_ARN).toBe("$APPLY_ROLE_ARN");
});

test("the default branch is applied by hand, in a protected environment", () => {
  expect(job("research apply")).toMatchObject({
    environment: "research",
    rules: [
      {
        if: '$CI_PIPELINE_SOURCE != "schedule" && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH',
        when: "manual",
      },
    ],
  });
});
