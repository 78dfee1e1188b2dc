import { defineCluster } from "../../../lib/config/define";
import { issuesOf } from "../issues-of";

const AMI = { amiId: "ami-0123456789abcdef0" };

describe("regions and zones", () => {
  test.each(["us-west-2", "us-east-2", "eu-west-1", "eu-central-1", "eu-north-1", "ap-southeast-2"])(
    "%s has zones a and b by default",
    (region) => {
      const { zones } = defineCluster(withNetwork({}, { region })).network;
      expect(zones.map(({ name }) => name)).toEqual([`${region}a`, `${region}b`]);
    },
  );

  test.each([
    ...["us-east-1", "us-west-1", "ap-northeast-1", "ap-northeast-2", "ca-central-1", "sa-east-1"],
    ...["cn-north-1", "us-gov-west-1", "mx-central-1", "eu-south-9"],
  ])("%s needs zones by name, and the hint lists them", (region) => {
    expect(issuesOf(withNetwork({}, { region }))).toEqual([
      {
        path: "network.zones",
        value: undefined,
        expected: `zones of ${region} by name: not every account has the zones ${region}a and ${region}b`,
        hint: `list yours: aws ec2 describe-availability-zones --region ${region} --filters Name=zone-type,Values=availability-zone --query 'AvailabilityZones[].[ZoneName,ZoneId]' --output text`,
      },
    ]);
    expect(issuesOf(withNetwork({ zones: [`${region}c`, `${region}d`] }, { region }))).toEqual([]);
  });

  test("a misspelt zone is the only issue in a region that needs zones", () => {
    const issues = issuesOf(withNetwork({ zones: ["use1-az1"] }, { region: "us-east-1" }));
    expect(issues.map(({ path }) => path)).toEqual(["network.zones[0]"]);
  });

  test.each([
    "us-west-2-lax-1a",
    "us-west-2-wl1-las-wlz-1",
    "usw2-az1",
    "us-west-2",
    "us-west-2ab",
    "us-west-2A",
  ])("rejects %s, which is not an availability zone", (zone) => {
    for (const zones of [[zone], [{ name: zone }]])
      expect(issuesOf(withNetwork({ zones }))).toEqual([
        expect.objectContaining({
          expected: expect.stringContaining("availability zone, such as us-west-2a"),
        }),
      ]);
  });

  test("a misspelt region does not make its zones wrong", () => {
    const issues = issuesOf(
      withNetwork(
        { zones: ["eu-central-1a"] },
        { region: "eu-central", scheduler: { privateAddress: "10.20.0.9" } },
      ),
    );
    expect(issues.map(({ path }) => path)).toEqual(["region"]);
  });

  test("a misspelt block of a zone does not make the scheduler's address wrong", () => {
    const zones = [{ name: "us-west-2a", privateSubnet: "10.1/24" }];
    const issues = issuesOf(withNetwork({ zones }, { scheduler: { privateAddress: "10.1.0.20" } }));
    expect(issues.map(({ path }) => path)).toEqual(["network.zones[0].privateSubnet"]);
  });

  test.each([
    ["us-west-2", "us-west-20a"],
    ["us-west-20", "us-west-2a"],
    ["us-west-2", "us-east-2a"],
  ])("the region %s does not have the zone %s", (region, zone) => {
    expect(issuesOf(withNetwork({ zones: [zone] }, { region }))).toEqual([
      {
        path: "network.zones[0]",
        value: zone,
        expected: `a zone of the region ${region}`,
        hint: `name a zone such as ${region}a, or set region`,
      },
    ]);
  });

  test.each(["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", "xx-north-1"])(
    "rejects %s, which is in a partition that is not supported",
    (region) => {
      expect(issuesOf(withNetwork({ endpoints: true }, { region }))).toMatchObject([
        { path: "region", value: region, hint: "choose a region such as us-west-2" },
      ]);
    },
  );

  test("rejects endpoints in China, and so a network without a NAT gateway", () => {
    const china = (network: object, rest: object = {}) =>
      withNetwork({ zones: ["cn-north-1a"], ...network }, { region: "cn-north-1", ...rest });
    expect(issuesOf(china({}))).toEqual([]);
    expect(issuesOf(china({ endpoints: true }))).toMatchObject([
      { path: "network.endpoints", value: true, expected: expect.stringContaining("false in China") },
    ]);
    const nodes = { scheduler: { image: AMI }, pools: [{ name: "p", kind: "cpu", image: AMI }] };
    expect(issuesOf(china({ nat: "none" }, nodes))).toMatchObject([{ path: "network.nat", value: "none" }]);
  });
});

function withNetwork(network: object, rest: object = {}) {
  return { name: "c", network: { adminSubnets: ["10.0.0.0/8"], ...network }, ...rest };
}
