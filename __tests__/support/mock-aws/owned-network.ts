import type { MockAws } from "./mock-aws";

/** A VPC of the mock AWS that no stack manages, as an administrator creates it before the cluster. */
export class OwnedNetwork {
  private constructor(
    private readonly mockAws: MockAws,
    private readonly region: string,
    readonly vpcId: string,
  ) {}

  /** Creates the VPC. `dnsHostnames` is what private hosted zones require. */
  static create(mockAws: MockAws, region: string, block: string, dnsHostnames = true): OwnedNetwork {
    const { Vpc } = mockAws.call<{ Vpc: { VpcId: string } }>(region, "ec2", "create_vpc", {
      CidrBlock: block,
    });
    if (dnsHostnames)
      mockAws.call(region, "ec2", "modify_vpc_attribute", {
        VpcId: Vpc.VpcId,
        EnableDnsHostnames: { Value: true },
      });
    return new OwnedNetwork(mockAws, region, Vpc.VpcId);
  }

  /**
   * Adds a subnet in a zone by its letter, and returns its id.
   *
   * @param owner account that shares the subnet; by default the account of the tests owns it
   */
  subnet(letter: string, block: string, owner?: string): string {
    const { Subnet } = this.mockAws.call<{ Subnet: { SubnetId: string } }>(
      this.region,
      "ec2",
      "create_subnet",
      {
        VpcId: this.vpcId,
        AvailabilityZone: `${this.region}${letter}`,
        CidrBlock: block,
        ...(owner !== undefined && {
          TagSpecifications: [{ ResourceType: "subnet", Tags: [{ Key: "mock:owner", Value: owner }] }],
        }),
      },
    );
    return Subnet.SubnetId;
  }

  /** Adds a private hosted zone that the VPC resolves, and returns its id. */
  hostedZone(name: string): string {
    const { HostedZone } = this.mockAws.call<{ HostedZone: { Id: string } }>(
      this.region,
      "route53",
      "create_hosted_zone",
      {
        Name: name,
        CallerReference: name,
        VPC: { VPCRegion: this.region, VPCId: this.vpcId },
        HostedZoneConfig: { PrivateZone: true },
      },
    );
    return HostedZone.Id.replace("/hostedzone/", "");
  }

  /** Ids of its subnets. */
  subnetIds(): readonly string[] {
    const { Subnets } = this.mockAws.call<{ Subnets: { SubnetId: string }[] }>(
      this.region,
      "ec2",
      "describe_subnets",
      { Filters: [{ Name: "vpc-id", Values: [this.vpcId] }] },
    );
    return Subnets.map(({ SubnetId }) => SubnetId).sort();
  }
}
