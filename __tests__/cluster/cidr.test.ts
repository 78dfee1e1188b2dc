import { contains, hostOf, isCidr, isIpv4Cidr, overlap, prefixOf, subnetOf } from "../../lib/cluster/cidr";

test("blocks are recognised, and host bits refused", () => {
  expect(["10.0.0.0/8", "192.168.4.0/22", "fd00::/8", "0.0.0.0/0"].map(isCidr)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["10.0.0.1/8", "10.0.0.0", "10.0.0.0/33", "fd00::1/8", "x"].map(isCidr)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
  expect(isIpv4Cidr("fd00::/8")).toBe(false);
});

test("containment and overlap", () => {
  expect(contains("10.20.0.0/16", "10.20.224.0/22")).toBe(true);
  expect(contains("10.20.224.0/22", "10.20.0.0/16")).toBe(false);
  expect(overlap("10.20.0.0/24", "10.20.0.128/25")).toBe(true);
  expect(overlap("10.20.0.0/24", "10.20.1.0/24")).toBe(false);
});

test("subnets and hosts as Terraform's cidrsubnet and cidrhost have them", () => {
  expect(subnetOf("10.20.0.0/16", 3, 0)).toBe("10.20.0.0/19");
  expect(subnetOf("10.20.0.0/16", 3, 7)).toBe("10.20.224.0/19");
  expect(subnetOf("192.168.252.0/22", 6, 63)).toBe("192.168.255.240/28");
  expect(hostOf("10.20.32.0/19", 10)).toBe("10.20.32.10");
  expect(prefixOf("10.20.32.0/19")).toBe(19);
});
