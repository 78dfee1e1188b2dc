import {
  contains,
  hostOf,
  indexIn,
  isAddress,
  isCidr,
  overlap,
  prefixOf,
  subnetOf,
} from "../../lib/config/cidr";

test.each(["10.0.0.0/8", "192.168.4.0/22", "0.0.0.0/0", "10.1.2.3/32", "255.255.255.255/32"])(
  "accepts the block %s",
  (text) => {
    expect(isCidr(text)).toBe(true);
  },
);

test.each([
  ...["10.0.0.1/8", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8", "x", ""],
  ...[
    "10.0/16",
    "010.0.0.0/8",
    "10.020.0.0/16",
    "0x0a.0.0.0/8",
    "167772160/8",
    "256.0.0.0/8",
    "10.0.0.0.0/8",
  ],
  ...[" 10.0.0.0/8", "10.0.0.0/8 ", "10.0.0.0 /8", "+10.0.0.0/8", "10.0.0.0/8.0", "10.0.0.0/255.0.0.0"],
  ...["fd00::/8", "::ffff:10.0.0.0/104", "fe80::%eth0/64"],
])("rejects the block '%s'", (text) => {
  expect(isCidr(text)).toBe(false);
});

test("accepts only addresses with four decimal parts", () => {
  expect(["10.0.0.10", "0.0.0.0"].map(isAddress)).toEqual([true, true]);
  expect(["10.0.10", "10.0.0.010", "0xa.0.0.1", "10.0.0.256", "::1", ""].filter(isAddress)).toEqual([]);
});

test("compares blocks by containment and overlap", () => {
  expect(contains("10.20.0.0/16", "10.20.224.0/22")).toBe(true);
  expect(contains("10.20.224.0/22", "10.20.0.0/16")).toBe(false);
  expect(overlap("10.20.0.0/24", "10.20.0.128/25")).toBe(true);
  expect(overlap("10.20.0.0/24", "10.20.1.0/24")).toBe(false);
});

test("computes subnets and hosts as Terraform's cidrsubnet and cidrhost do", () => {
  expect(subnetOf("10.20.0.0/16", 3, 0)).toBe("10.20.0.0/19");
  expect(subnetOf("10.20.0.0/16", 3, 7)).toBe("10.20.224.0/19");
  expect(subnetOf("192.168.252.0/22", 6, 63)).toBe("192.168.255.240/28");
  expect(hostOf("10.20.32.0/19", 10)).toBe("10.20.32.10");
  expect(prefixOf("10.20.32.0/19")).toBe(19);
  expect(indexIn("10.20.32.0/19", "10.20.32.10")).toBe(10);
  expect(indexIn("10.20.32.0/19", "10.20.31.255")).toBe(-1);
});
