import type { ResolvedCluster } from "../../../lib/config/resolved-cluster";
import type { MockAws } from "./mock-aws";

/** An item of moto's lists: `State` is a string or an object, depending on the type. */
interface Tagged {
  readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
  // biome-ignore lint/suspicious/noExplicitAny: the answers of boto3, by the names of its documentation
  readonly [key: string]: any;
}

interface Rule {
  readonly GroupId: string;
  readonly IsEgress: boolean;
  readonly FromPort: number;
  readonly ToPort: number;
  readonly CidrIpv4?: string;
  readonly ReferencedGroupInfo?: { readonly GroupId: string };
}

/** The resources of a cluster in the mock AWS, found by their tag. */
export class MockedCluster {
  constructor(
    private readonly mockAws: MockAws,
    private readonly cluster: ResolvedCluster,
  ) {}

  /** Ids and names of the existing resources that cost money. */
  billed() {
    const reservations = this.list<{ Instances: Tagged[] }>("ec2", "describe_instances", "Reservations");
    const instances = reservations.flatMap(({ Instances }) => Instances);
    const gateways = this.list<Tagged>("ec2", "describe_nat_gateways", "NatGateways");
    return {
      instances: this.own(instances, "InstanceId", ({ State }) => State.Name !== "terminated"),
      groups: this.own(
        this.list<Tagged>("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
        "AutoScalingGroupName",
      ),
      vpcs: this.own(this.list<Tagged>("ec2", "describe_vpcs", "Vpcs"), "VpcId"),
      natGateways: this.own(gateways, "NatGatewayId", ({ State }) => State !== "deleted"),
      addresses: this.own(this.list<Tagged>("ec2", "describe_addresses", "Addresses"), "AllocationId"),
      secrets: this.secrets().map(({ Name }) => Name),
      keys: this.aliases().map(({ AliasName }) => AliasName),
      logGroups: this.logGroups().map(({ logGroupName }) => logGroupName),
      buckets: this.buckets(),
    };
  }

  /** Its secrets, by name. */
  secrets(): { Name: string; KmsKeyId: string; SecretVersionsToStages?: object }[] {
    const secrets = this.list<{ Name: string; KmsKeyId: string }>(
      "secretsmanager",
      "list_secrets",
      "SecretList",
    );
    return secrets
      .filter(({ Name }) => Name.startsWith(`/dask/${this.cluster.name}/`))
      .sort((one, other) => one.Name.localeCompare(other.Name));
  }

  /** Puts a text into a secret, as the scheduler does. */
  fillSecret(name: string, text: string): void {
    this.call("secretsmanager", "put_secret_value", { SecretId: name, SecretString: text });
  }

  /** Value of a secret. */
  secretText(name: string): string {
    return this.call<{ SecretString: string }>("secretsmanager", "get_secret_value", { SecretId: name })
      .SecretString;
  }

  /** Its KMS key. */
  key() {
    const [alias] = this.aliases();
    if (alias === undefined) throw new Error(`the mock has no key of ${this.cluster.name}`);
    const KeyId = alias.TargetKeyId;
    const { KeyMetadata } = this.call<{ KeyMetadata: { Arn: string; Enabled: boolean } }>(
      "kms",
      "describe_key",
      { KeyId },
    );
    const { KeyRotationEnabled } = this.call<{ KeyRotationEnabled: boolean }>(
      "kms",
      "get_key_rotation_status",
      { KeyId },
    );
    return { ...KeyMetadata, KeyRotationEnabled };
  }

  /** Its log groups. */
  logGroups() {
    return this.call<{
      logGroups: { logGroupName: string; kmsKeyId: string; retentionInDays: number }[];
    }>("logs", "describe_log_groups", { logGroupNamePrefix: `/dask/${this.cluster.name}/` }).logGroups;
  }

  /** Value of a parameter. */
  parameter(name: string): string {
    return this.call<{ Parameter: { Value: string } }>("ssm", "get_parameter", { Name: name }).Parameter
      .Value;
  }

  /** Names of its buckets. */
  buckets(): string[] {
    return this.list<{ Name: string }>("s3", "list_buckets", "Buckets")
      .map(({ Name }) => Name)
      .filter((name) => name.startsWith(`dask-${this.cluster.name}--`));
  }

  /** An object of a bucket: its encryption, and as `ETag` the MD5 of its content in quotes, as moto has it. */
  object(Bucket: string, Key: string) {
    return this.call<{ ETag: string; ServerSideEncryption: string; SSEKMSKeyId: string }>(
      "s3",
      "head_object",
      {
        Bucket,
        Key,
      },
    );
  }

  /**
   * Makes the scheduler send a failure as the signal of its readiness, or without a reason, success again: what the
   * double of wait conditions reads (wait_conditions.py).
   */
  signalFailure(reason?: string): void {
    const Name = `/mock/signal/dask-${this.cluster.name}--scheduler-ready`;
    if (reason === undefined) this.call("ssm", "delete_parameter", { Name });
    else this.call("ssm", "put_parameter", { Name, Value: reason, Type: "String" });
  }

  /** The VPCs whose flows are logged, and where to. */
  flowLogs() {
    return this.call<{
      FlowLogs: {
        ResourceId: string;
        TrafficType: string;
        LogDestinationType: string;
        LogGroupName?: string;
      }[];
    }>("ec2", "describe_flow_logs", {
      Filter: [{ Name: "tag:dask:cluster", Values: [this.cluster.name] }],
    }).FlowLogs;
  }

  private aliases() {
    return this.list<{ AliasName: string; TargetKeyId: string }>("kms", "list_aliases", "Aliases").filter(
      ({ AliasName }) => AliasName === `alias/dask-${this.cluster.name}`,
    );
  }

  /** The ingress rules of its nodes, such as `10.0.0.0/16 to dask-development--scheduler on 8786`. */
  ingressRules(): string[] {
    const { SecurityGroups } = this.ec2<{ SecurityGroups: { GroupId: string; GroupName: string }[] }>(
      "describe_security_groups",
    );
    const names = new Map(SecurityGroups.map(({ GroupId, GroupName }) => [GroupId, GroupName]));
    const { SecurityGroupRules } = this.call<{ SecurityGroupRules: Rule[] }>(
      "ec2",
      "describe_security_group_rules",
      { Filters: [{ Name: "group-id", Values: [...names.keys()] }] },
    );
    return SecurityGroupRules.filter(({ IsEgress }) => !IsEgress)
      .map(({ GroupId, FromPort, ToPort, CidrIpv4, ReferencedGroupInfo }) => {
        const from = CidrIpv4 ?? names.get(ReferencedGroupInfo?.GroupId ?? "");
        const ports = FromPort === ToPort ? `${FromPort}` : `${FromPort}-${ToPort}`;
        return `${from} to ${names.get(GroupId)} on ${ports}`;
      })
      .sort();
  }

  /** The newest version of a launch template. */
  launchTemplate(name: string) {
    const { LaunchTemplateVersions } = this.call<{
      LaunchTemplateVersions: {
        LaunchTemplateData: {
          ImageId: string;
          MetadataOptions: { HttpTokens: string; HttpPutResponseHopLimit: number };
          BlockDeviceMappings: {
            DeviceName: string;
            Ebs: { Encrypted: boolean; VolumeType: string; VolumeSize: number };
          }[];
        };
      }[];
    }>("ec2", "describe_launch_template_versions", { LaunchTemplateName: name, Versions: ["$Latest"] });
    const [newest] = LaunchTemplateVersions;
    if (newest === undefined) throw new Error(`the mock has no version of the launch template ${name}`);
    return newest.LaunchTemplateData;
  }

  /** The instance of the scheduler. */
  scheduler() {
    const { Reservations } = this.ec2<{
      Reservations: {
        Instances: {
          InstanceId: string;
          InstanceType: string;
          ImageId: string;
          PrivateIpAddress: string;
          MetadataOptions: { HttpTokens: string };
          NetworkInterfaces: { Groups: { GroupName: string }[] }[];
        }[];
      }[];
    }>("describe_instances", [{ Name: "tag:dask:role", Values: ["scheduler"] }]);
    const [instance] = Reservations.flatMap(({ Instances }) => Instances);
    if (instance === undefined) throw new Error(`the mock has no scheduler of ${this.cluster.name}`);
    return instance;
  }

  /** Architecture of an AMI. */
  architectureOf(ImageId: string): string | undefined {
    const { Images } = this.call<{ Images: { Architecture: string }[] }>("ec2", "describe_images", {
      ImageIds: [ImageId],
    });
    return Images[0]?.Architecture;
  }

  /** Tags the instance of the scheduler, as the node itself does. */
  tagScheduler(tags: Readonly<Record<string, string>>): void {
    this.call("ec2", "create_tags", {
      Resources: [this.scheduler().InstanceId],
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    });
  }

  /** Addresses of a name in a hosted zone; by default that of the cluster. */
  addressesOf(name: string, hostedZone = `${this.cluster.name}.internal`): string[] {
    const { HostedZones } = this.call<{ HostedZones: { Id: string; Name: string }[] }>(
      "route53",
      "list_hosted_zones",
    );
    const zone = HostedZones.find(({ Name }) => Name === `${hostedZone}.`);
    if (zone === undefined) return [];
    const { ResourceRecordSets } = this.call<{
      ResourceRecordSets: { Name: string; Type: string; ResourceRecords: { Value: string }[] }[];
    }>("route53", "list_resource_record_sets", { HostedZoneId: zone.Id });
    return ResourceRecordSets.filter((record) => record.Name === `${name}.` && record.Type === "A").flatMap(
      ({ ResourceRecords }) => ResourceRecords.map(({ Value }) => Value),
    );
  }

  private list<Item>(service: string, operation: string, key: string): Item[] {
    return this.call<Record<string, Item[]>>(service, operation)[key] ?? [];
  }

  /** Ids of the items with the cluster's tag; moto cannot filter NAT gateways by tags. */
  private own(items: readonly Tagged[], id: string, isThere = (_: Tagged) => true): string[] {
    const tagged = items.filter(({ Tags = [] }) =>
      Tags.some(({ Key, Value }) => Key === "dask:cluster" && Value === this.cluster.name),
    );
    return tagged
      .filter(isThere)
      .map((item) => String(item[id]))
      .sort();
  }

  private ec2<Answer>(operation: string, filters: readonly object[] = []): Answer {
    const own = { Name: "tag:dask:cluster", Values: [this.cluster.name] };
    return this.call("ec2", operation, { Filters: [own, ...filters] });
  }

  private call<Answer>(service: string, operation: string, parameters: object = {}): Answer {
    return this.mockAws.call(this.cluster.region, service, operation, parameters);
  }
}
