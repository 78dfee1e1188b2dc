/** A resource of a stack in `cdk.tf.json`. */
export type Configuration = Readonly<Record<string, unknown>> & {
  readonly lifecycle?: { readonly ignore_changes?: readonly string[] };
};

/** An attribute that the mock AWS returns with another value than it was set to, unlike AWS. */
export interface MockDefect {
  readonly type: string;
  readonly attribute: string;
  readonly reason: string;
  /** Whether a resource with this configuration is affected. */
  affects(configuration: Configuration): boolean;
  /** Whether the mock returned this value; once a fixed mock does not, the test fails and the defect has to be removed. */
  isRead(value: unknown): boolean;
}

const always = () => true;
const isArn = (value: unknown) => String(value).startsWith("arn:");
const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
const withoutBlock: Pick<MockDefect, "attribute" | "reason" | "affects" | "isRead"> = {
  attribute: "description",
  reason:
    "moto stores the description of a rule for a CIDR block, but not of one for a group or a prefix list",
  affects: (rule) => rule.cidr_ipv4 === undefined,
  isRead: (value) => value === null || value === "",
};

/** All attributes of the stacks that moto 5.2.5 returns wrongly. Any other change in a second plan is a defect of the stacks. */
export const MOCK_DEFECTS: readonly MockDefect[] = [
  {
    type: "aws_autoscaling_group",
    attribute: "health_check_grace_period",
    reason: "the provider omits a 0; moto reads the omitted value as 300, AWS as 0",
    affects: ({ health_check_grace_period }) => health_check_grace_period === 0,
    isRead: (value) => value === 300,
  },
  {
    type: "aws_autoscaling_group",
    attribute: "service_linked_role_arn",
    reason: "moto returns the default role of the account for every group",
    affects: always,
    isRead: (value) => String(value).endsWith("/AWSServiceRoleForAutoScaling"),
  },
  {
    type: "aws_autoscaling_policy",
    attribute: "enabled",
    reason: "moto does not return that a policy is enabled",
    affects: always,
    isRead: (value) => value === false,
  },
  {
    type: "aws_autoscaling_policy",
    attribute: "predictive_scaling_configuration",
    reason: "moto returns an empty predictive configuration for every policy",
    affects: always,
    isRead: (value) => Array.isArray(value) && value.length === 1,
  },
  {
    type: "aws_autoscaling_lifecycle_hook",
    attribute: "notification_target_arn",
    reason: "moto returns a queue for every hook, also without one",
    affects: always,
    isRead: isArn,
  },
  {
    type: "aws_autoscaling_lifecycle_hook",
    attribute: "role_arn",
    reason: "moto returns a role for every hook, also without one",
    affects: always,
    isRead: isArn,
  },
  { type: "aws_vpc_security_group_ingress_rule", ...withoutBlock },
  { type: "aws_vpc_security_group_egress_rule", ...withoutBlock },
  {
    type: "aws_ec2_subnet_cidr_reservation",
    attribute: "description",
    reason: "moto keeps no description of a reservation",
    affects: always,
    isRead: (value) => value === null || value === "",
  },
  {
    type: "aws_instance",
    attribute: "associate_public_ip_address",
    reason: "moto ignores a false in a network interface of RunInstances, and assigns a public address",
    affects: always,
    isRead: (value) => value === true,
  },
  {
    type: "aws_instance",
    attribute: "vpc_security_group_ids",
    reason:
      "moto returns the security groups of RunInstances for the network interface, but not for the instance",
    affects: always,
    isRead: isEmpty,
  },
  {
    type: "aws_launch_template",
    attribute: "tag_specifications",
    reason: "moto returns the tags of the template with those of its instances and volumes",
    affects: always,
    isRead: (value) =>
      Array.isArray(value) && value.some(({ resource_type }) => resource_type === "launch-template"),
  },
];
