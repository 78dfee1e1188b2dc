/** A resource of a stack as `cdk.tf.json` holds it. */
export type Configuration = Readonly<Record<string, unknown>> & {
  readonly lifecycle?: { readonly ignore_changes?: readonly string[] };
};

/** A setting that the mock AWS gives back otherwise than it got it, though AWS itself would not. */
export interface MockFault {
  readonly type: string;
  readonly attribute: string;
  readonly reason: string;
  /** Whether the issue befalls a resource of this configuration. */
  befalls(configuration: Configuration): boolean;
  /** What the mock gives back; a mock that has learned better makes the test fail, so that the issue is struck off. */
  isRead(value: unknown): boolean;
}

const always = () => true;
const isArn = (value: unknown) => String(value).startsWith("arn:");
const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
const betweenGroups: Pick<MockFault, "attribute" | "reason" | "befalls" | "isRead"> = {
  attribute: "description",
  reason: "moto keeps the description of a rule for a block of addresses, and loses that of one for a group",
  befalls: (rule) => rule.referenced_security_group_id !== undefined,
  isRead: (value) => value === null || value === "",
};

/** All that moto 5.2.5 gives back wrongly, of what the stacks use. Whatever else a second plan shows is ours. */
export const MOCK_FAULTS: readonly MockFault[] = [
  {
    type: "aws_autoscaling_group",
    attribute: "health_check_grace_period",
    reason: "moto takes no answer, which is what the provider makes of a 0, for 300; AWS takes it for 0",
    befalls: ({ health_check_grace_period }) => health_check_grace_period === 0,
    isRead: (value) => value === 300,
  },
  {
    type: "aws_autoscaling_group",
    attribute: "service_linked_role_arn",
    reason: "moto gives every group the account's common role",
    befalls: always,
    isRead: (value) => String(value).endsWith("/AWSServiceRoleForAutoScaling"),
  },
  {
    type: "aws_autoscaling_lifecycle_hook",
    attribute: "notification_target_arn",
    reason: "moto gives every hook a queue that it was not given",
    befalls: always,
    isRead: isArn,
  },
  {
    type: "aws_autoscaling_lifecycle_hook",
    attribute: "role_arn",
    reason: "moto gives every hook a role that it was not given",
    befalls: always,
    isRead: isArn,
  },
  { type: "aws_vpc_security_group_ingress_rule", ...betweenGroups },
  { type: "aws_vpc_security_group_egress_rule", ...betweenGroups },
  {
    type: "aws_ec2_subnet_cidr_reservation",
    attribute: "description",
    reason: "moto keeps no description of a reservation",
    befalls: always,
    isRead: (value) => value === null || value === "",
  },
  {
    type: "aws_instance",
    attribute: "associate_public_ip_address",
    reason:
      "moto takes a false in a network interface of RunInstances for no answer, and gives a public address",
    befalls: always,
    isRead: (value) => value === true,
  },
  {
    type: "aws_instance",
    attribute: "vpc_security_group_ids",
    reason: "moto gives the groups of RunInstances to the network interface, and the instance none",
    befalls: always,
    isRead: isEmpty,
  },
  {
    type: "aws_launch_template",
    attribute: "tag_specifications",
    reason: "moto counts the template's own tags among those of what is launched from it",
    befalls: always,
    isRead: (value) =>
      Array.isArray(value) && value.some(({ resource_type }) => resource_type === "launch-template"),
  },
];
